"""Runs as points and their means as lines, for the charts that show both.

Means of sharpness are geometric, as in the tables.
"""

from collections.abc import Sequence
from functools import partial

import altair as alt
import pandas as pd

from sharpminima.charts.style import HEIGHT, WIDTH, Y_AXES
from sharpminima.storage.rows import DIVERGED
from sharpminima.tables.summaries.averages import geometric, statistics

MEANS = {
    "test_accuracy": partial(statistics, names=["mean"]),
    "sharpness": geometric,
}


def drawn(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the runs that did not diverge, with a measure above 0 as `value`.

    Args:
        rows: One row per run, with its `status` and the measure.
        measure: The column of the measure.
    """
    sound = rows[(rows["status"] != DIVERGED) & (rows[measure] > 0)]
    return sound.assign(value=sound[measure])


def panel(
    rows: pd.DataFrame, measure: str, keys: Sequence[str], x: alt.X, colour
) -> alt.LayerChart:
    """Return each row's `value` as a point, and a line through the means over seeds.

    Args:
        rows: What `drawn` returns, with the columns `keys` and `seed`.
        measure: A key of `MEANS` and of `style.Y_AXES`.
        keys: The columns that one mean is of: that of the horizontal axis, and that of
            the colour if there are several.
        x: The horizontal axis.
        colour: The colour of points and line.
    """
    means = MEANS[measure](rows, keys, "value").reset_index()

    def chart_of(data, column):
        y = alt.Y(f"{column}:Q", **Y_AXES[measure])
        chart = alt.Chart(data, width=WIDTH, height=HEIGHT)
        return chart.encode(x=x, y=y, color=colour)

    line = chart_of(means, "value_mean").mark_line(strokeWidth=1.6)
    points = chart_of(rows, "value").mark_point(filled=True, size=30, opacity=0.6)
    return line + points.encode(tooltip=["seed", "value"])
