"""Loss and accuracy against the epoch, one line per run (the paper's Figure 2)."""

import altair as alt
import pandas as pd

from sharpminima.charts import style
from sharpminima.charts.train_and_test import by_set, tidy


def draw(history: pd.DataFrame, regimes: list[str]) -> alt.HConcatChart:
    """Return the training curves of one network.

    Args:
        history: One row per epoch of each run, as the rule `train` writes it: its
            identity, `epoch`, `status`, loss (nats per example) and accuracy (percent)
            of both sets.
        regimes: The regimes, in the order of their colours.
    """
    rows = tidy(history, ["regime", "seed", "epoch"])
    accuracy = alt.Y("value:Q", title=style.ACCURACY, scale=alt.Scale(zero=False))
    loss = alt.Y("value:Q", title=style.LOSS, scale=style.LOG, axis=style.LOG_AXIS)
    axes = {"accuracy": accuracy, "loss": loss}
    panels = [
        alt.Chart(
            rows[(rows["measure"] == measure) & (rows["value"] > 0)],
            width=style.WIDTH,
            height=style.HEIGHT,
        )
        .mark_line(strokeWidth=1.2, opacity=0.8)
        .encode(
            x=alt.X("epoch:Q", title="epoch"),
            y=y,
            color=style.by_regime(regimes),
            strokeDash=by_set(),
            detail="seed:N",
            tooltip=["regime", "seed", "set", "epoch", "value"],
        )
        for measure, y in axes.items()
    ]
    title = style.title(history, "training curves")
    return alt.hconcat(*panels).properties(title=title)
