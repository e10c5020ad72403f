"""Loss and accuracy against the epoch, one line per run (the paper's Figure 2)."""

import altair as alt
import pandas as pd

from sharpminima.charts import style
from sharpminima.charts.train_and_test import MEASURED, by_set, tidy

EPOCH = ["regime", "seed", "epoch"]


def draw(history: pd.DataFrame, regimes: list[str]) -> alt.HConcatChart:
    """Return the training curves of one network.

    A regime with the same epochs as an earlier one is left out, and a note says so. One
    that averages is such a regime: only its last weights differ.

    Args:
        history: One row per epoch of each run, as the rule `train` writes it: its
            identity, `epoch`, `status`, loss (nats per example) and accuracy (percent)
            of both sets.
        regimes: The regimes, in the order of their colours.
    """
    repeated = _repeated(history, regimes)
    rows = tidy(history[~history["regime"].isin(repeated)], EPOCH)
    legend = alt.Legend(values=[name for name in regimes if name not in repeated])
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
            color=style.by_regime(regimes, legend=legend),
            strokeDash=by_set(),
            detail="seed:N",
            tooltip=["regime", "seed", "set", "epoch", "value"],
        )
        for measure, y in axes.items()
    ]
    notes = (
        f"not drawn: {name}, whose epochs are those of {first}"
        for name, first in repeated.items()
    )
    title = style.title(history, "training curves", *notes)
    return alt.hconcat(*panels).properties(title=title)


def _repeated(history, regimes):
    """Return the regimes with the same epochs as an earlier one, and which one."""
    epochs = history.set_index(EPOCH)[MEASURED].sort_index()
    drawn, repeated = {}, {}
    for name in regimes:
        curves = epochs.loc[name]
        same = [first for first, others in drawn.items() if curves.equals(others)]
        if same:
            repeated[name] = same[0]
        else:
            drawn[name] = curves
    return repeated
