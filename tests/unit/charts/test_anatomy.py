"""The share that the slope explains: a row per regime and epsilon, a point per seed."""

import pytest

from examples import NAN, data_of, fields, layers, taken_apart
from sharpminima.charts import anatomy

SEARCHES = taken_apart(
    *(
        (regime, seed, space, epsilon, share, 1.0, 0.0)
        for regime, share in (("SB", 0.75), ("LB", 0.25))
        for space in ("subspace", "full")
        for epsilon in (5e-4, 1e-3)
        for seed in (0, 1)
    ),
    ("SB", 2, "full", 1e-3, 0.0, 0.0, 0.0),
)


def panels(searches):
    return anatomy.draw(searches, ["SB", "LB"]).to_dict()["vconcat"]


def test_each_space_has_a_panel_with_a_row_for_each_regime_and_epsilon():
    full, subspace = panels(SEARCHES)
    assert full["title"]["text"] == "full space"
    assert subspace["title"]["text"] == "random subspace"
    _, _, points, means = layers(full)
    rows = ["SB, ε = 0.001", "SB, ε = 0.0005", "LB, ε = 0.001", "LB, ε = 0.0005"]
    assert points["y"]["sort"] == rows
    expected = {"x": "slope_share", "y": "row", "color": "regime"}
    assert fields(points) == fields(means) == expected
    assert means["x"]["aggregate"] == "mean"


def test_a_rule_stands_where_the_slope_explains_half():
    chart = anatomy.draw(SEARCHES, ["SB", "LB"]).to_dict()
    for panel in chart["vconcat"]:
        rule, _, _, _ = panel["layer"]
        (row,) = chart["datasets"][rule["data"]["name"]]
        assert rule["mark"]["type"] == "rule"
        assert row[rule["encoding"]["x"]["field"]] == 0.5


def test_only_the_last_panel_names_the_axis():
    titles = [layers(panel)[2]["x"]["title"] for panel in panels(SEARCHES)]
    assert titles == [None, "the slope's share of the rise"]


def test_every_seed_is_a_point_and_runs_without_a_rise_are_counted():
    chart = anatomy.draw(SEARCHES, ["SB", "LB"])
    drawn = data_of(chart).dropna(subset="seed")
    assert len(drawn) == 16
    assert set(zip(drawn["regime"], drawn["slope_share"])) == {
        ("SB", 0.75),
        ("LB", 0.25),
    }
    subtitle = chart.to_dict()["title"]["subtitle"]
    assert subtitle == ["not drawn: 1 value, without a rise"]


@pytest.mark.parametrize(
    ("share", "domain"), [(0.5, [-0.1, 1.05]), (-0.4, [-0.4, 1.05]), (1.5, [-0.1, 1.5])]
)
def test_the_axis_reaches_below_0_and_beyond_1(share, domain):
    (panel,) = panels(taken_apart(("SB", 0, "full", 1e-3, share, 1.0, 0.0)))
    for layer in layers(panel):
        assert layer["x"]["scale"]["domain"] == domain


def test_runs_that_all_diverged_leave_the_chart_empty():
    lost = taken_apart(("SB", 0, "full", 1e-3, NAN, NAN, NAN), status="diverged")
    chart = anatomy.draw(lost, ["SB"]).to_dict()
    assert chart["vconcat"] == []
    assert "1 seed with a run that diverged" in chart["title"]["subtitle"]
