"""Charts encode what their captions say."""

import pandas as pd
import pytest

from examples import SEARCHES
from sharpminima.charts import charts, pictures

KINDS = ("html", "svg", "png")
IDENTITY = {"network": "F1", "dataset": "mnist5k"}


@pytest.fixture
def history():
    rows = [
        {
            **IDENTITY,
            "regime": regime,
            "seed": seed,
            "epoch": epoch,
            "status": "training",
            "train_loss": 1 / epoch,
            "test_loss": 2 / epoch,
            "train_accuracy": 90.0,
            "test_accuracy": 80.0,
        }
        for regime in ("SB", "LB")
        for seed in (0, 1)
        for epoch in (1, 2, 3)
    ]
    return pd.DataFrame(rows)


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


def data_of(chart):
    datasets = chart.to_dict()["datasets"].values()
    return pd.concat(pd.DataFrame(rows) for rows in datasets if rows)


def test_training_curves_have_a_line_for_every_run_and_set(history):
    chart = charts.training_curves(history, ["SB", "LB"])
    accuracy, loss = chart.to_dict()["hconcat"]
    assert accuracy["encoding"]["detail"]["field"] == "seed"
    assert accuracy["encoding"]["y"]["title"] == "accuracy (%)"
    assert loss["encoding"]["y"]["title"] == "cross entropy (nats per example)"
    assert loss["encoding"]["y"]["scale"]["type"] == "log"
    assert loss["encoding"]["strokeDash"]["scale"]["domain"] == ["train", "test"]
    assert loss["encoding"]["color"]["scale"]["domain"] == ["SB", "LB"]
    assert len(data_of(chart)) == 2 * 2 * 2 * 2 * 3


def test_parametric_plots_have_two_axes_and_two_paths(points):
    panels = charts.parametric_plots(points).to_dict()["hconcat"]
    titles = [p["layer"][0]["layer"][1]["encoding"]["x"]["title"] for p in panels]
    assert ["(linear" in titles[0], "(curvilinear" in titles[1]] == [True, True]
    loss, accuracy = panels[0]["layer"]
    assert loss["layer"][1]["encoding"]["y"]["axis"]["orient"] == "left"
    assert accuracy["layer"][1]["encoding"]["y"]["axis"]["orient"] == "right"
    assert panels[0]["resolve"]["scale"]["y"] == "independent"


def test_parametric_plots_leave_diverged_seeds_out_and_say_so(points):
    chart = charts.parametric_plots(points)
    assert set(data_of(chart)["seed"]) == {0}
    assert "1 seed with a run that diverged" in chart.to_dict()["title"]["subtitle"]


def test_sharpness_shows_every_seed_and_counts_what_is_missing():
    chart = charts.sharpness_by_regime(SEARCHES, ["SB", "LB"])
    drawn = data_of(chart)
    assert sorted(drawn["sharpness"].round(6)) == [0.2, 2.0, 4.0, 100.0]
    subtitle = chart.to_dict()["title"]["subtitle"]
    assert "not drawn: 1 value, zero or missing" in subtitle


@pytest.mark.parametrize(
    ("regimes", "angle"), [(["SB", "LB"], 0), (["SB", "LB", "LB-1", "LB-2"], -45)]
)
def test_names_of_many_regimes_are_set_aslant(regimes, angle):
    chart = charts.sharpness_by_regime(SEARCHES, regimes).to_dict()
    for panel in chart["concat"]:
        for layer in panel["layer"]:
            assert layer["encoding"]["x"]["axis"]["labelAngle"] == angle


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


def layers(chart):
    """Return the encodings of all layers of a chart, in the order of drawing."""
    if "layer" not in chart:
        return [chart["encoding"]]
    return [encoding for layer in chart["layer"] for encoding in layers(layer)]


def fields(encoding):
    return {name: of["field"] for name, of in encoding.items() if "field" in of}


def test_batch_sizes_have_points_means_and_the_threshold(sweep):
    chart = charts.batch_sizes(sweep, THRESHOLDS).to_dict()
    accuracy, sharpness = (layers(panel) for panel in chart["hconcat"])
    band, rule, mean, points = map(fields, accuracy)
    assert (band["x"], band["x2"], rule["x"]) == ("low", "high", "threshold")
    assert points["x"] == mean["x"] == "batch_size"
    assert accuracy[2]["y"]["aggregate"] == "mean"
    x, y = accuracy[3]["x"], accuracy[3]["y"]
    assert (x["title"], x["scale"]["type"]) == ("batch size (examples)", "log")
    assert x["axis"]["values"] == [8, 64, 512]
    assert y["title"] == "test accuracy (%)"
    assert sharpness[3]["y"]["title"] == "sharpness (%)"
    assert sharpness[3]["y"]["scale"]["type"] == "log"
    subtitle = chart["title"]["subtitle"]
    assert subtitle == (
        "not drawn: 1 value, zero or missing; 1 seed with a run that diverged"
    )


def test_batch_sizes_leave_out_what_diverged_and_thresholds_that_there_are_not(sweep):
    drawn = data_of(charts.batch_sizes(sweep, THRESHOLDS))
    runs = drawn.dropna(subset="batch_size")
    # 5 of 6 runs of the test accuracy, 4 of the sharpness.
    assert len(runs) == 9
    assert drawn["threshold"].dropna().tolist() == [100.0]


def test_a_sweep_without_any_threshold_is_drawn(sweep, tmp_path):
    none = THRESHOLDS.assign(threshold=None, low=None, high=None)
    paths = [str(tmp_path / f"chart.{kind}") for kind in ("html", "svg", "png")]
    pictures.save(charts.batch_sizes(sweep, none), *paths)
    assert (tmp_path / "chart.svg").read_text().count("batch size (examples)") >= 2


@pytest.fixture
def warm():
    rows = [
        {
            **IDENTITY,
            "seed": seed,
            "epoch": epoch,
            "status": "max_epochs",
            "first_test_accuracy": 90.0 + epoch,
            "first_train_loss": 0.1,
            "second_test_accuracy": 95.0,
            "second_train_accuracy": 99.0,
            "second_sharpness": 300.0 - epoch,
        }
        for seed in (0, 1)
        for epoch in (0, 5, 10)
    ]
    return pd.DataFrame(rows)


def test_warm_starts_show_accuracy_above_and_sharpness_below(warm):
    chart = charts.warm_starts(warm, "SB", "LB").to_dict()
    above, below = (layers(panel)[1] for panel in chart["vconcat"])
    assert above["x"]["title"] == "epochs of SB before LB"
    assert above["y"]["title"] == "test accuracy (%)"
    assert below["y"]["title"] == "sharpness (%)"
    assert below["y"]["scale"]["type"] == "log"
    assert above["color"]["scale"]["domain"] == ["SB", "LB"]


def test_warm_starts_draw_trained_iterates_and_what_follows(warm):
    drawn = data_of(charts.warm_starts(warm, "SB", "LB"))
    accuracies = drawn[drawn["value"] < 101]
    assert sorted(accuracies.loc[accuracies["regime"] == "SB", "value"]) == sorted(
        [95.0, 100.0] * 2
    )
    assert (accuracies.loc[accuracies["regime"] == "LB", "value"] == 95.0).all()
    assert set(drawn.loc[drawn["value"] > 101, "regime"]) == {"LB"}


def test_trajectories_join_iterates_in_the_order_of_epochs():
    rows = pd.DataFrame(
        {
            **{key: [value] * 3 for key, value in IDENTITY.items()},
            "regime": ["SB-iterates"] * 3,
            "seed": [0] * 3,
            "epoch": [0, 1, 2],
            "status": ["max_epochs"] * 3,
            "train_loss": [2.3, 0.5, None],
            "sharpness": [1.0, 2.0, None],
        }
    )
    chart = charts.trajectories(rows, ["SB-iterates", "LB-iterates"])
    encoding = chart.to_dict()["encoding"]
    assert fields(encoding) == {
        **{"x": "train_loss", "y": "sharpness", "color": "regime"},
        **{"detail": "seed", "order": "epoch"},
    }
    title = "training cross entropy (nats per example)"
    assert encoding["x"]["title"] == title
    assert encoding["x"]["scale"]["type"] == encoding["y"]["scale"]["type"] == "log"
    assert data_of(chart)["epoch"].tolist() == [0, 1]
    assert "not drawn: 1 value" in chart.to_dict()["title"]["subtitle"]


def test_every_regime_has_a_colour_of_its_own(history):
    names = [f"R{i}" for i in range(14)]
    chart = charts.training_curves(history, names).to_dict()
    colours = chart["hconcat"][0]["encoding"]["color"]["scale"]["range"]
    assert len(set(colours)) == 14
    assert colours[:2] == [charts.BLUE, charts.VERMILION]


@pytest.fixture
def outcomes():
    rows = [
        {**IDENTITY, "regime": regime, "seed": 0, "batch_size": size, "status": "floor"}
        for regime, size in (("SB", 32), ("LB", 320), ("B64", 64))
    ]
    return pd.DataFrame(rows)


def compared(ratios):
    """Return rows of `performance.compare` with these bounds and iteration ratios."""
    rows = pd.DataFrame(ratios, columns=["bound", "iterations_ratio"])
    return rows.assign(second="LB", seed=0)


def test_iterations_are_drawn_below_or_above_the_line_of_each_efficiency(outcomes):
    table = compared([(0.1, 0.4), (0.5, None)])
    chart = charts.iterations_by_batch(table, outcomes, [0.2, 1.0]).to_dict()
    line, name, points = chart["layer"]
    assert points["encoding"]["x"]["title"] == "batch size, LB / SB"
    assert points["encoding"]["y"]["title"] == "iterations, LB / SB"
    for layer in chart["layer"]:
        for axis in "xy":
            assert layer["encoding"][axis]["scale"]["type"] == "log"
    (point,) = chart["datasets"][points["data"]["name"]]
    assert (point["batch_ratio"], point["iterations_ratio"]) == (10.0, 0.4)
    bounds = pd.DataFrame(chart["datasets"][line["data"]["name"]])
    assert bounds["batch_ratio"].tolist() == [1.0, 20.0] * 2
    assert bounds["bound"].tolist() == pytest.approx([5.0, 0.25, 1.0, 0.05])
    names = chart["datasets"][name["data"]["name"]]
    assert [row["text"] for row in names] == ["f = 0.2", "f = 1"]
    subtitle = chart["title"]["subtitle"]
    assert subtitle == "not drawn: 1 run, target not reached"


def test_a_study_without_a_larger_batch_draws_the_lines_alone(outcomes, tmp_path):
    chart = charts.iterations_by_batch(compared([]), outcomes, [0.5])
    pictures.save(chart, *(str(tmp_path / f"a.{kind}") for kind in KINDS))
    assert chart.to_dict()["title"]["subtitle"] == ""
    assert "f = 0.5" in (tmp_path / "a.svg").read_text()


def test_pictures_open_offline(history, tmp_path):
    paths = [tmp_path / f"chart.{kind}" for kind in ("html", "svg", "png")]
    pictures.save(charts.training_curves(history, ["SB", "LB"]), *map(str, paths))
    html, svg, png = paths
    assert "cdn.jsdelivr" not in html.read_text()
    assert svg.read_text().startswith("<svg")
    assert png.read_bytes().startswith(b"\x89PNG")
