"""Runs as points, means as lines: only what is sound and above zero is drawn."""

import altair as alt
import pandas as pd
import pytest

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


@pytest.mark.parametrize(
    ("measure", "mean"), [("test_accuracy", 5.0), ("sharpness", 3.0)]
)
def test_a_panel_has_a_line_through_the_means_and_points_for_runs(measure, mean):
    """Means of sharpness are geometric."""
    rows = ROWS.assign(value=[1.0, 9.0, 4.0, 4.0], status="ceased")
    chart = panel(rows, measure, ["size"], alt.X("size:Q"), alt.value("red")).to_dict()
    line, points = chart["layer"]
    assert line["encoding"]["y"]["field"] == "value_mean"
    assert points["encoding"]["y"]["field"] == "value"
    means = pd.DataFrame(chart["datasets"][line["data"]["name"]])
    assert means.set_index("size")["value_mean"].to_dict() == pytest.approx(
        {8: mean, 16: 4.0}
    )
