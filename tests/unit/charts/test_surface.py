"""The chart of surfaces shows what its caption says."""

import numpy as np
import pandas as pd
import pytest

from examples import IDENTITY
from sharpminima.charts import surface

NAN = float("nan")
PAIR = {**IDENTITY, "first": "SB", "second": "LB", "seed": 3, "status": "ok"}


def grid(plane, around, draw, width, height, factor):
    """Return the rows of a plane whose loss grows like the squared distance."""
    return [
        {
            **{"plane": plane, "around": around, "draw": draw, "x": x, "y": y, **PAIR},
            **{"train_loss": 0.01 + factor * (x**2 + y**2), "test_loss": 1.0 + x**2},
            **{"train_accuracy": 90.0, "test_accuracy": 80.0},
        }
        for x in np.linspace(-width, width, 9)
        for y in np.linspace(-height, height, 9)
    ]


@pytest.fixture
def points():
    rows = grid("minima", "x0", 0, 8.0, 4.0, 1.0)
    for around, factor in (("SB", 1.0), ("LB", 10.0)):
        for draw in range(2):
            rows += grid("random", around, draw, 1.0, 1.0, factor * (1 + draw))
    return pd.DataFrame(rows)


def place(name, x, y, **others):
    row = {"place": name, "regime": None, "epoch": NAN, "x": x, "y": y}
    row |= {"distance": np.hypot(x, y), "outside": 0.0, "train_loss": 1.0}
    row |= {"test_loss": 1.0, "train_accuracy": 9.0, "test_accuracy": 9.0}
    angle = np.degrees(np.arctan2(y, x))
    return {**row, "angle": angle, **PAIR, **others}


@pytest.fixture
def places():
    iterates = [
        place("iterate", 0.0, 0.0, regime="SB", epoch=0),
        place("iterate", 3.0, 0.0, regime="SB", epoch=2, distance=5.0, outside=4.0),
        place("iterate", 6.0, 0.0, regime="SB", epoch=9, distance=6.5, outside=2.5),
    ]
    marks = [place("x0", 0.0, 0.0), place("SB", 6.0, 0.0), place("LB", 1.0, 1.0)]
    return pd.DataFrame(marks + iterates)


def drawn(points, places):
    return surface.draw(points, places).to_dict()


def panels(spec):
    """Return the rows of panels of planes."""
    return [
        row.get("hconcat") or row["concat"] for row in spec["vconcat"][0]["vconcat"]
    ]


def rows_of(spec, layer):
    return pd.DataFrame(spec["datasets"][layer["data"]["name"]])


def test_each_plane_has_a_panel_and_both_sets_that_of_the_minima(points, places):
    spec = drawn(points, places)
    titles = [[p["title"]["text"] for p in row] for row in panels(spec)]
    assert titles == [
        *(["training set", "test set"], ["SB, draw 1", "SB, draw 2"]),
        ["LB, draw 1", "LB, draw 2"],
    ]
    ((train, test), *_) = panels(spec)
    colours = [p["layer"][0]["encoding"]["color"]["field"] for p in (train, test)]
    assert colours == ["train_loss", "test_loss"]
    # Distances are true: twice as wide as high.
    assert train["width"] == pytest.approx(2 * train["height"])


def test_lines_lie_at_one_two_and_five(points, places):
    spec = drawn(points, places)
    segments = rows_of(spec, panels(spec)[0][0]["layer"][1])
    assert set(segments["level"]) == {0.02, 0.05, 0.1, 0.2, 0.5} | {
        *(1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
    }
    outer = segments[segments["level"] == 20.0]
    distances = np.hypot(outer["x"], outer["y"]).to_numpy()
    expected = np.full(len(outer), np.sqrt(20 - 0.01))
    assert distances == pytest.approx(expected, rel=0.05)
    assert segments.groupby("level")["width"].first()[[1.0, 2.0]].tolist() == [
        1.1,
        0.45,
    ]


def test_the_notes_tell_the_angle_and_what_lies_outside(points, places):
    title = drawn(points, places)["title"]
    assert title["subtitle"] == [
        "seed 3",
        "angle between both ways from x0: 45°",
        "path of SB: up to 80% of its way from x0 is outside",
    ]


def test_the_path_is_in_the_order_of_epochs(points, places):
    spec = drawn(points, places)
    path = panels(spec)[0][0]["layer"][2]
    assert path["encoding"]["order"]["field"] == "epoch"
    assert rows_of(spec, path)["epoch"].tolist() == [0, 2, 9]
    without = drawn(points, places[places["place"] != "iterate"])
    assert len(panels(without)[0][0]["layer"]) == len(panels(spec)[0][0]["layer"]) - 1


def test_the_spread_of_the_draws_is_told(points, places):
    spread = drawn(points, places)["vconcat"][1]
    assert spread["title"]["subtitle"].endswith("a factor of 2 (SB), 2 (LB)")
    fields = {name: e.get("field") for name, e in spread["encoding"].items() if e}
    assert (fields["detail"], fields["color"]) == ("draw", "regime")


def test_three_points_on_a_line_have_random_planes_alone(points, places):
    spec = drawn(points[points["plane"] == "random"], pd.DataFrame([place(NAN, 0, 0)]))
    assert len(panels(spec)) == 2
    assert "no plane: x0 and both minima lie on one line" in spec["title"]["subtitle"]


def test_without_random_planes_there_is_no_spread(points, places):
    spec = drawn(points[points["plane"] == "minima"], places)
    assert len(panels(spec)) == len(spec["vconcat"]) == 1


def test_a_diverged_run_leaves_a_title(tmp_path):
    lost = pd.DataFrame([{**PAIR, "plane": NAN, "status": "diverged"}])
    chart = surface.draw(lost, lost)
    chart.save(tmp_path / "chart.svg")
    spec = chart.to_dict()
    assert "1 seed with a run that diverged" in spec["title"]["subtitle"]
