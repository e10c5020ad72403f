"""Runs as points, means as lines: only what is sound and above zero is drawn."""

import altair as alt
import pandas as pd

from sharpminima.charts.runs_and_means import drawn, panel

ROWS = pd.DataFrame(
    {
        "seed": [0, 1, 2, 3],
        "size": [8, 8, 16, 16],
        "sharpness": [1.0, 3.0, 0.0, 9.0],
        "status": ["ceased", "ceased", "ceased", "diverged"],
    }
)


def test_what_diverged_or_is_zero_is_not_drawn():
    assert drawn(ROWS, "sharpness")["value"].tolist() == [1.0, 3.0]


def test_a_panel_has_a_line_through_the_means_and_points_for_runs():
    rows = drawn(ROWS, "sharpness")
    chart = panel(rows, alt.X("size:Q"), {"title": "sharpness (%)"}, alt.value("red"))
    line, points = chart.to_dict()["layer"]
    assert line["encoding"]["y"]["aggregate"] == "mean"
    assert points["encoding"]["y"]["field"] == "value"
    assert "aggregate" not in points["encoding"]["y"]
