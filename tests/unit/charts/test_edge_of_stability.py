"""Curvature on the way is drawn beside the thresholds of its own optimizer."""

import pandas as pd

from examples import EDGE, NAN
from sharpminima.charts import edge_of_stability, style

REGIMES = ["SB-iterates", "LB-iterates"]


def panels(rows):
    """Return heading and layers of each panel: rows, column and dash of each."""
    spec = edge_of_stability.draw(rows, REGIMES).to_dict()
    found = {}
    for line in spec["vconcat"]:
        for panel in line["hconcat"]:
            found[panel["title"]["text"]] = [
                (
                    pd.DataFrame(spec["datasets"][layer["data"]["name"]]),
                    layer["encoding"]["y"]["field"],
                    layer["mark"].get("strokeDash"),
                )
                for layer in panel["layer"]
            ]
    return found


def test_adam_is_judged_by_its_preconditioned_curvature():
    adam = EDGE[EDGE["optimizer"] == "adam"]
    found = panels(adam)
    assert list(found) == [
        "largest eigenvalue",
        "largest eigenvalue, preconditioned",
        "critical sharpness",
    ]
    plain, nothing = found["largest eigenvalue"]
    assert (len(plain[0]), len(nothing[0])) == (2, 0)
    curve, dashed = found["largest eigenvalue, preconditioned"]
    assert curve[0]["preconditioned_eigenvalue"].tolist() == [20000.0]
    assert (dashed[1], dashed[2]) == ("threshold", [4, 3])
    assert dashed[0]["threshold"].tolist() == [38000.0, 38000.0]


def test_sgd_is_judged_by_the_hessian_itself_and_by_its_batches():
    found = panels(EDGE)
    assert "batch sharpness" in found
    _, dashed = found["largest eigenvalue"]
    assert dashed[0]["regime"].unique().tolist() == ["LB-iterates"]
    assert dashed[0]["plain_threshold"].tolist() == [20.0, 20.0]
    _, dashed = found["batch sharpness"]
    assert dashed[0]["batch_threshold"].tolist() == [20.0, 20.0]


def test_what_a_logarithm_cannot_show_is_said():
    rows = EDGE.assign(eigenvalue=[-1.0, 2.0, 0.0, 3.0])
    title = edge_of_stability.draw(rows, REGIMES).to_dict()["title"]
    assert "not drawn" in str(title["subtitle"])
    assert len(panels(rows)["largest eigenvalue"][0][0]) == 2


def test_a_run_that_diverged_from_the_start_leaves_no_panel():
    names = [*edge_of_stability.PANELS, "threshold"]
    rows = EDGE.assign(**dict.fromkeys(names, NAN), status="diverged")
    assert panels(rows) == {}


def test_colours_are_those_of_the_regimes():
    spec = edge_of_stability.draw(EDGE, REGIMES).to_dict()
    layer = spec["vconcat"][0]["hconcat"][0]["layer"][0]
    assert layer["encoding"]["color"]["scale"]["range"] == [
        style.BLUE,
        style.VERMILION,
    ]
