"""Charts encode what their captions say."""

import pandas as pd
import pytest

from examples import SEARCHES
from sharpminima import charts, pictures

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
    return pd.concat(
        pd.DataFrame(rows) for rows in chart.to_dict()["datasets"].values()
    )


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
    paths = [tmp_path / f"chart.{kind}" for kind in KINDS]
    pictures.save(charts.training_curves(history, ["SB", "LB"]), *map(str, paths))
    html, svg, png = paths
    assert "cdn.jsdelivr" not in html.read_text()
    assert svg.read_text().startswith("<svg")
    assert png.read_bytes().startswith(b"\x89PNG")
