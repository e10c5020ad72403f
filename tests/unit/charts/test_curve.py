"""Sharpness against epsilon shows every run, a quadratic, and changes of the order."""

import numpy as np
import pandas as pd
import pytest

from examples import CURVES, fields
from sharpminima.charts import curve, style

PAIRS = [["SB", "LB"]]


def layers_of(chart, panel=0):
    """Return the rows and the mark of each layer of a panel."""
    spec = chart.to_dict()
    return [
        (pd.DataFrame(spec["datasets"][layer["data"]["name"]]), layer["mark"])
        for layer in spec["vconcat"][panel]["layer"]
    ]


def marks(chart, kind, panel=0):
    return [rows for rows, mark in layers_of(chart, panel) if mark["type"] == kind]


def test_each_space_is_a_panel_with_all_its_runs_on_logarithmic_axes():
    chart = curve.draw(CURVES, ["SB", "LB"], PAIRS)
    panels = chart.to_dict()["vconcat"]
    assert [p["title"]["text"] for p in panels] == ["full space", "adaptive box"]
    for i, count in enumerate((9, 8)):
        _, runs = marks(chart, "line", i)
        assert len(runs) == count
        assert (runs["sharpness"] > 0).all()
    for axis in ("x", "y"):
        encoding = panels[0]["layer"][2]["encoding"][axis]
        assert encoding["scale"]["type"] == "log"
    # LB's first value in the adaptive box is 0, and its second seed diverged.
    assert (
        "not drawn: 7 values, zero or missing" in chart.to_dict()["title"]["subtitle"]
    )
    assert "1 seed with a run that diverged" in chart.to_dict()["title"]["subtitle"]


@pytest.mark.parametrize("regimes", [["SB", "LB"], ["LB", "SB"]])
def test_each_run_is_a_line_in_the_colour_of_its_regime(regimes):
    chart = curve.draw(CURVES, regimes, PAIRS).to_dict()
    for panel in chart["vconcat"]:
        encoding = panel["layer"][2]["encoding"]
        assert fields(encoding) == {
            **{"x": "epsilon", "y": "sharpness"},
            **{"color": "regime", "detail": "seed"},
        }
        colours = encoding["color"]["scale"]
        assert colours["domain"] == regimes
        assert colours["range"] == [style.BLUE, style.VERMILION]


@pytest.mark.parametrize("panel", [0, 1])
def test_the_quadratic_has_exponent_2_and_stays_in_its_panel(panel):
    quadratic, runs = marks(curve.draw(CURVES, ["SB", "LB"], PAIRS), "line", panel)
    logs = np.log(quadratic)
    exponents = np.diff(logs["sharpness"]) / np.diff(logs["epsilon"])
    assert exponents.tolist() == pytest.approx([2.0, 2.0])
    first = runs[runs["epsilon"] == 1e-4]["sharpness"].min()
    assert quadratic.iloc[0].tolist() == pytest.approx([1e-4, first])
    for column in ("epsilon", "sharpness"):
        assert quadratic[column].max() <= runs[column].max() * (1 + 1e-9)


def test_a_change_of_the_order_is_marked_and_told():
    chart = curve.draw(CURVES, ["SB", "LB"], PAIRS)
    (rule,), (none,) = marks(chart, "rule", 0), marks(chart, "rule", 1)
    assert rule["epsilon"].tolist() == pytest.approx([10**-2.5])
    assert rule["text"].tolist() == ["ε = 0.0032"]
    assert len(none) == 0
    assert "dotted: the order changes here" in chart.to_dict()["title"]["subtitle"]


def test_that_the_order_stays_is_told_too():
    adaptive = CURVES[CURVES["space"] == "adaptive"]
    title = curve.draw(adaptive, ["SB", "LB"], PAIRS).to_dict()["title"]
    assert title["subtitle"][0] == "the order changes nowhere"


def tells_an_order(chart):
    return any("order" in line for line in chart.to_dict()["title"]["subtitle"])


def test_without_a_pair_there_is_no_order_to_tell():
    chart = curve.draw(CURVES, ["SB", "LB"], [])
    assert marks(chart, "rule") == []
    assert not tells_an_order(chart)
    diverged = CURVES[CURVES["seed"] == 1]
    assert not tells_an_order(curve.draw(diverged, ["SB", "LB"], PAIRS))
