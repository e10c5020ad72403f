"""Test accuracy and sharpness against the batch size (the paper's Figure 4)."""

from functools import partial

import altair as alt
import pandas as pd

from sharpminima.charts import style
from sharpminima.charts.runs_and_means import drawn, panel


def draw(rows: pd.DataFrame, thresholds: pd.DataFrame) -> alt.HConcatChart:
    """Return both measures of one network.

    Points are runs, and lines go through the means over the seeds, geometric ones for
    the sharpness. A vertical rule marks an estimated threshold, and a band its
    interval.

    Args:
        rows: The table `sweep_runs`, of one network.
        thresholds: The table `thresholds`, of that network.
    """
    axis = alt.Axis(values=sorted(set(rows["batch_size"])), labelOverlap=True)
    scale = alt.Scale(type="log", nice=False, padding=10)
    x = partial(alt.X, title="batch size (examples)", scale=scale, axis=axis)
    colour = alt.value(style.BLUE)
    panels = []
    for measure in style.Y_AXES:
        # A network may have no threshold, or one without an interval.
        known = thresholds[thresholds["measure"] == measure].dropna(subset="threshold")
        band = alt.Chart(known.dropna(subset=["low", "high"])).mark_rect(
            color="grey", opacity=0.2
        )
        rule = alt.Chart(known).mark_rule(color="grey", strokeDash=[4, 3])
        panels.append(
            band.encode(x("low:Q"), x2="high:Q")
            + rule.encode(x("threshold:Q"))
            + panel(
                drawn(rows, measure), measure, ["batch_size"], x("batch_size:Q"), colour
            )
        )
    title = style.title(rows, "batch sizes", style.not_drawn(rows["sharpness"]))
    return alt.hconcat(*panels).properties(title=title)
