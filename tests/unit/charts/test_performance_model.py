"""The performance model: ratios of iterations, lines of parallel efficiency."""

import pandas as pd
import pytest

from examples import IDENTITY
from sharpminima.charts import performance_model, pictures

KINDS = ("html", "svg", "png", "pdf")


@pytest.fixture
def outcomes():
    rows = [
        {**IDENTITY, "regime": regime, "seed": 0, "batch_size": size, "status": "floor"}
        for regime, size in (("SB", 32), ("LB", 320), ("B64", 64))
    ]
    return pd.DataFrame(rows)


def compared(ratios):
    """Return rows of the performance model with these bounds and iteration ratios."""
    rows = pd.DataFrame(ratios, columns=["bound", "iterations_ratio"])
    return rows.assign(second="LB", seed=0)


def test_iterations_are_drawn_below_or_above_the_line_of_each_efficiency(outcomes):
    table = compared([(0.1, 0.4), (0.5, None)])
    chart = performance_model.draw(table, outcomes, [0.2, 1.0]).to_dict()
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
    assert subtitle == ["not drawn: 1 run, target not reached"]


def test_a_study_without_a_larger_batch_draws_the_lines_alone(outcomes, tmp_path):
    chart = performance_model.draw(compared([]), outcomes, [0.5])
    pictures.save(chart, *(str(tmp_path / f"a.{kind}") for kind in KINDS))
    assert chart.to_dict()["title"]["subtitle"] == ""
    assert "f = 0.5" in (tmp_path / "a.svg").read_text()


@pytest.mark.parametrize("number", [1, 2])
def test_where_no_run_reaches_the_target_the_chart_says_so(outcomes, number):
    table = compared([(0.1, None)] * number)
    chart = performance_model.draw(table, outcomes, [0.2]).to_dict()
    runs = {1: "1 run", 2: "2 runs"}[number]
    assert chart["title"]["subtitle"] == [f"not drawn: {runs}, target not reached"]
    assert chart["datasets"][chart["layer"][-1]["data"]["name"]] == []
