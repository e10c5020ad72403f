"""Runs as points and their means as lines, for the charts that show both."""

import altair as alt
import pandas as pd

from sharpminima.charts.style import HEIGHT, WIDTH
from sharpminima.rows import DIVERGED


def drawn(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the runs that did not diverge, with a measure above 0 as `value`.

    Args:
        rows: One row per run, with its `status` and the measure.
        measure: The column of the measure.
    """
    sound = rows[(rows["status"] != DIVERGED) & (rows[measure] > 0)]
    return sound.assign(value=sound[measure])


def panel(rows: pd.DataFrame, x: alt.X, y: dict, colour) -> alt.LayerChart:
    """Return each row's `value` as a point, and a line through the means over seeds.

    Args:
        rows: What `drawn` returns, with the columns of both axes and `seed`.
        x: The horizontal axis.
        y: What `altair.Y` should know of the vertical axis.
        colour: The colour of points and line.
    """
    chart = alt.Chart(rows, width=WIDTH, height=HEIGHT).encode(x=x, color=colour)
    line = chart.mark_line(strokeWidth=1.6).encode(y=alt.Y("mean(value):Q", **y))
    points = chart.mark_point(filled=True, size=30, opacity=0.6).encode(
        y=alt.Y("value:Q", **y), tooltip=["seed", "value"]
    )
    return line + points
