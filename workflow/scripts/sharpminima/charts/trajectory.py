"""Sharpness against training loss, iterate by iterate (the paper's Figure 6)."""

import altair as alt
import pandas as pd

from sharpminima.charts import style


def draw(rows: pd.DataFrame, regimes: list[str]) -> alt.Chart:
    """Return one line per run of one network.

    Args:
        rows: One row per iterate, as the rule `measure_trajectory` writes it: the run's
            identity, `epoch`, `status`, `train_loss` (nats per example) and `sharpness`
            (percent).
        regimes: The regimes, in the order of their colours.
    """
    loss = alt.X(
        "train_loss:Q",
        title=f"training {style.LOSS}",
        scale=style.LOG,
        axis=style.LOG_AXIS,
    )
    # Both axes are logarithmic, so the smaller of both values tells if a point shows.
    smaller = rows[["train_loss", "sharpness"]].min(axis=1, skipna=False)
    # Without seconds and the like, so that the same rows make the same file.
    shown = ["regime", "seed", "epoch", "train_loss", "sharpness"]
    drawn = rows.loc[smaller > 0, shown]
    chart = (
        alt.Chart(drawn, width=2 * style.WIDTH, height=1.5 * style.HEIGHT)
        .mark_line(point=True, strokeWidth=1, opacity=0.8)
        .encode(
            x=loss,
            y=alt.Y("sharpness:Q", **style.Y_AXES["sharpness"]),
            color=style.by_regime(regimes),
            detail="seed:N",
            # Without an order, a line would follow the loss, which rises at times.
            order="epoch:Q",
            tooltip=shown,
        )
    )
    note = style.not_drawn(smaller)
    return chart.properties(title=style.title(rows, "sharpness on the way", note))
