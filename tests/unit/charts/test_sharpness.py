"""Sharpness by regime shows every seed."""

import pytest

from examples import SEARCHES, data_of
from sharpminima.charts import sharpness


def test_sharpness_shows_every_seed_and_counts_what_is_missing():
    chart = sharpness.draw(SEARCHES, ["SB", "LB"])
    drawn = data_of(chart)
    assert sorted(drawn["sharpness"].round(6)) == [0.2, 2.0, 4.0, 100.0]
    subtitle = chart.to_dict()["title"]["subtitle"]
    assert "not drawn: 1 value, zero or missing" in subtitle


@pytest.mark.parametrize(
    ("regimes", "angle"), [(["SB", "LB"], 0), (["SB", "LB", "LB-1", "LB-2"], -45)]
)
def test_names_of_many_regimes_are_set_aslant(regimes, angle):
    chart = sharpness.draw(SEARCHES, regimes).to_dict()
    for panel in chart["concat"]:
        for layer in panel["layer"]:
            assert layer["encoding"]["x"]["axis"]["labelAngle"] == angle
