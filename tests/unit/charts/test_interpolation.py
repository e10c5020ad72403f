"""Parametric plots encode what their captions say."""

import pandas as pd
import pytest

from examples import IDENTITY, data_of
from sharpminima.charts import interpolation


@pytest.fixture
def points():
    rows = [
        {
            **IDENTITY,
            "first": "SB",
            "second": "LB",
            "seed": seed,
            "status": status,
            "path": path,
            "alpha": alpha,
            "train_loss": alpha,
            "test_loss": alpha,
            "train_accuracy": 90.0,
            "test_accuracy": 80.0,
        }
        for seed, status in ((0, "ok"), (1, "diverged"))
        for path in ("linear", "curvilinear")
        for alpha in (0.0, 1.0)
    ]
    return pd.DataFrame(rows)


def test_parametric_plots_have_two_axes_and_two_paths(points):
    panels = interpolation.draw(points).to_dict()["hconcat"]
    titles = [p["layer"][0]["layer"][1]["encoding"]["x"]["title"] for p in panels]
    assert ["(linear" in titles[0], "(curvilinear" in titles[1]] == [True, True]
    loss, accuracy = panels[0]["layer"]
    assert loss["layer"][1]["encoding"]["y"]["axis"]["orient"] == "left"
    assert accuracy["layer"][1]["encoding"]["y"]["axis"]["orient"] == "right"
    assert panels[0]["resolve"]["scale"]["y"] == "independent"


def test_parametric_plots_leave_diverged_seeds_out_and_say_so(points):
    chart = interpolation.draw(points)
    assert set(data_of(chart)["seed"]) == {0}
    assert "1 seed with a run that diverged" in chart.to_dict()["title"]["subtitle"]
