"""The chart of two regimes by every measure shows seeds, means and the turnover."""

import pandas as pd
import pytest

from examples import point_and_box
from sharpminima.charts.point_and_box import draw

PAIRS = [["SB", "LB"]]


def panel(rows=None, number=0):
    """Return the layers of the panel at the point (0) or in boxes (1)."""
    spec = draw(*(rows or point_and_box()), PAIRS).to_dict()
    both = spec["vconcat"][0]["hconcat"]
    return [
        (layer["mark"]["type"], pd.DataFrame(spec["datasets"][layer["data"]["name"]]))
        for layer in both[number]["layer"]
    ]


def test_at_the_point_each_seed_and_measure_of_curvature_has_a_point():
    (kind, rows), _ = panel()
    assert kind == "point"
    found = rows.set_index(["measure", "seed"])["ratio"].to_dict()
    assert found == pytest.approx(
        {
            ("largest eigenvalue", 0): 0.01,
            ("largest eigenvalue", 1): 0.02,
            ("trace", 0): 0.1,
            ("trace", 1): 0.2,
        }
    )


def test_in_boxes_each_seed_has_a_line_and_the_mean_a_thick_one():
    layers = panel(number=1)
    kinds = [kind for kind, _ in layers]
    assert kinds == ["line", "line", "rule", "rule", "text"]
    seeds, means = layers[0][1], layers[1][1]
    assert len(seeds) == 2 * 2 * 3
    assert len(means) == 2 * 3
    mean = means.set_index(["measure", "epsilon"])["ratio"]
    assert mean["average-case sharpness", 1e-3] == pytest.approx(0.1 * 2**0.5)


def test_the_epsilon_where_the_mean_order_turns_over_is_named():
    *_, (_, words) = panel(number=1)
    # The mean ratio is 1e3 sqrt(2) epsilon.
    assert words["epsilon"].tolist() == pytest.approx([1e-3 / 2**0.5])
    assert words["text"].tolist() == ["ε = 0.00071"]


def test_an_order_that_never_changes_has_no_rule():
    curvatures, averages, curves = point_and_box()
    curves.loc[curves["regime"] == "LB", "sharpness"] *= 1e6
    kinds = [kind for kind, _ in panel([curvatures, averages, curves], 1)]
    assert kinds == ["line", "line", "rule"]


def test_both_panels_have_one_axis_that_holds_all_ratios_and_1():
    spec = draw(*point_and_box(), PAIRS).to_dict()["vconcat"][0]["hconcat"]
    domains = [p["layer"][0]["encoding"]["y"]["scale"]["domain"] for p in spec]
    assert domains[0] == domains[1]
    low, high = domains[0]
    assert low < 0.01 < 1 < 20 < high


def test_runs_without_values_are_said_and_the_chart_is_drawn():
    rows = point_and_box()
    for table, column in zip(rows, ("trace", "average_sharpness", "sharpness")):
        table[column] = float("nan")
    chart = draw(*rows, PAIRS).to_dict()
    # Without a value in one of its rows, a trace is not drawn.
    assert "not drawn: 14 values, zero or missing" in str(chart["title"])
