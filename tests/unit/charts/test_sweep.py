"""The sweep is drawn run by run, with means and thresholds."""

import pandas as pd
import pytest

from examples import IDENTITY, data_of, fields, layers
from sharpminima.charts import pictures
from sharpminima.charts import sweep as chart_of


@pytest.fixture
def sweep():
    rows = [
        {
            **IDENTITY,
            "batch_size": size,
            "seed": seed,
            "status": "diverged" if (size, seed) == (512, 1) else "max_epochs",
            "test_accuracy": 98.0 - seed,
            "sharpness": 0.0 if (size, seed) == (8, 0) else size / 2,
        }
        for size in (8, 64, 512)
        for seed in (0, 1)
    ]
    return pd.DataFrame(rows)


THRESHOLDS = pd.DataFrame(
    {
        **{key: [value] * 2 for key, value in IDENTITY.items()},
        "measure": ["test_accuracy", "sharpness"],
        "threshold": [100.0, None],
        "low": [50.0, None],
        "high": [200.0, None],
    }
)


def test_batch_sizes_have_points_means_and_the_threshold(sweep):
    chart = chart_of.draw(sweep, THRESHOLDS).to_dict()
    accuracy, sharpness = (layers(panel) for panel in chart["hconcat"])
    band, rule, mean, points = map(fields, accuracy)
    assert (band["x"], band["x2"], rule["x"]) == ("low", "high", "threshold")
    assert points["x"] == mean["x"] == "batch_size"
    assert (mean["y"], points["y"]) == ("value_mean", "value")
    x, y = accuracy[3]["x"], accuracy[3]["y"]
    assert (x["title"], x["scale"]["type"]) == ("batch size (examples)", "log")
    assert x["axis"]["values"] == [8, 64, 512]
    assert y["title"] == "test accuracy (%)"
    assert sharpness[3]["y"]["title"] == "sharpness (%)"
    assert sharpness[3]["y"]["scale"]["type"] == "log"
    subtitle = chart["title"]["subtitle"]
    assert subtitle == [
        "not drawn: 1 value, zero or missing",
        "1 seed with a run that diverged",
    ]


def test_batch_sizes_leave_out_what_diverged_and_thresholds_that_there_are_not(sweep):
    drawn = data_of(chart_of.draw(sweep, THRESHOLDS))
    runs = drawn.dropna(subset="seed")
    # 5 of 6 runs of the test accuracy, 4 of the sharpness.
    assert len(runs) == 9
    assert drawn["threshold"].dropna().tolist() == [100.0]


def test_a_sweep_without_any_threshold_is_drawn(sweep, tmp_path):
    none = THRESHOLDS.assign(threshold=None, low=None, high=None)
    paths = [str(tmp_path / f"chart.{kind}") for kind in ("html", "svg", "png", "pdf")]
    pictures.save(chart_of.draw(sweep, none), *paths)
    assert (tmp_path / "chart.svg").read_text().count("batch size (examples)") >= 2
