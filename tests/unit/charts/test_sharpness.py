"""Sharpness by regime shows every seed."""

import pytest

from examples import SEARCHES, data_of, fields
from sharpminima.charts import sharpness

PAIRS = [["SB", "LB"]]


def test_sharpness_shows_every_seed_and_counts_what_is_missing():
    chart = sharpness.draw(SEARCHES, ["SB", "LB"], PAIRS)
    drawn = data_of(chart)
    assert sorted(drawn["sharpness"].round(6)) == [0.2, 2.0, 4.0, 100.0]
    subtitle = chart.to_dict()["title"]["subtitle"]
    assert "not drawn: 1 value, zero or missing" in subtitle


@pytest.mark.parametrize(
    ("regimes", "angle"),
    [
        (["SB", "LB", "SB-av"], 0),
        (["SB", "LB", "SB-avg"], -45),
        (["SB", "LB", "LB-1", "LB-2"], -45),
    ],
)
def test_names_that_have_no_room_side_by_side_are_set_aslant(regimes, angle):
    chart = sharpness.draw(SEARCHES, regimes, PAIRS).to_dict()
    for panel in chart["concat"]:
        for layer in panel["layer"]:
            assert layer["encoding"]["x"]["axis"]["labelAngle"] == angle


def test_lines_join_the_runs_of_a_seed_between_pairs_alone():
    pairs = [["SB", "LB"], ["SB", "LB-slow"]]
    chart = sharpness.draw(SEARCHES, ["SB", "LB", "LB-slow"], pairs).to_dict()
    for panel in chart["concat"]:
        *lines, points = panel["layer"]
        joined = [line["transform"][0]["filter"] for line in lines]
        assert joined == [{"field": "regime", "oneOf": pair} for pair in pairs]
        for line in lines:
            assert line["mark"]["type"] == "line"
            assert fields(line["encoding"])["detail"] == "seed"
        assert "transform" not in points
    none = sharpness.draw(SEARCHES, ["SB", "LB"], []).to_dict()
    assert [len(panel["layer"]) for panel in none["concat"]] == [1, 1]


def test_a_panel_is_named_after_its_box_and_has_a_place_for_every_regime():
    """Also for a regime without a value there, such as LB in the subspace."""
    chart = sharpness.draw(SEARCHES, ["LB", "SB"], PAIRS).to_dict()
    titles = [(p["title"]["text"], p["title"]["subtitle"]) for p in chart["concat"]]
    assert titles == [("full space", "ε = 0.001"), ("random subspace", "ε = 0.001")]
    for panel in chart["concat"]:
        for layer in panel["layer"]:
            assert layer["encoding"]["x"]["scale"]["domain"] == ["LB", "SB"]
