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


CRITICAL = pd.DataFrame(
    [{"train_loss": 0.3, "critical_batch": 90.0, "low": 30.0, "high": 9000.0}]
)
NOISE = pd.DataFrame({"noise_scale_mean": [40.0, None, 75154.0]})


def test_what_was_not_measured_changes_nothing(sweep):
    without = chart_of.draw(sweep, THRESHOLDS).to_dict()
    assert chart_of.draw(sweep, THRESHOLDS, None, None).to_dict() == without
    assert "critical" not in str(without)


def test_the_critical_batch_and_the_noise_scale_stand_in_both_panels(sweep):
    chart = chart_of.draw(sweep, THRESHOLDS, CRITICAL, NOISE).to_dict()
    for shown in chart["hconcat"]:
        strip, rule, noise, *others = (fields(encoding) for encoding in layers(shown))
        assert strip == noise == {"x": "low", "x2": "high"}
        assert rule == {"x": "critical_batch"}
        assert len(others) == 4
    first, second, *_ = chart["title"]["subtitle"]
    expected = "critical batch size, 90 (30 to 9,000) at a training loss of 0.3"
    assert first == f"green: {expected}"
    assert second == "orange: noise scale, 40 to 75,200"


def test_strips_end_where_the_axis_does(sweep):
    drawn = data_of(chart_of.draw(sweep, THRESHOLDS, CRITICAL, NOISE))
    strips = drawn.query("measure.isna() and low.notna()")[["low", "high"]]
    assert {tuple(ends) for ends in strips.values} == {(30, 512), (40, 512)}
    beyond = CRITICAL.assign(critical_batch=600.0, low=550.0)
    drawn = data_of(chart_of.draw(sweep, THRESHOLDS, beyond, NOISE * 1e3))
    assert drawn.query("measure.isna() and low.notna()").empty
    assert "critical_batch" not in drawn or drawn["critical_batch"].isna().all()


@pytest.mark.parametrize(
    ("low", "high", "note", "strip"),
    [
        (30.0, None, "green: critical batch size, above 30", (30, 512)),
        (None, 30.0, "green: critical batch size, below 30", (8, 30)),
        (None, None, "the sweep does not tell the critical batch size", None),
    ],
)
def test_a_bound_is_shown_without_a_rule(sweep, low, high, note, strip):
    bound = CRITICAL.assign(critical_batch=None, low=low, high=high).astype(float)
    chart = chart_of.draw(sweep, THRESHOLDS, bound)
    assert (
        chart.to_dict()["title"]["subtitle"][0] == f"{note} at a training loss of 0.3"
    )
    drawn = data_of(chart).query("measure.isna() and batch_size.isna()")
    found = {tuple(ends) for ends in drawn[["low", "high"]].dropna().values}
    assert found == ({strip} if strip else set())
    assert "critical_batch" not in drawn or drawn["critical_batch"].isna().all()


def test_a_network_without_any_noise_scale_is_drawn(sweep):
    none = NOISE.assign(noise_scale_mean=float("nan"))
    chart = chart_of.draw(sweep, THRESHOLDS, None, none).to_dict()
    assert chart == chart_of.draw(sweep, THRESHOLDS).to_dict()
