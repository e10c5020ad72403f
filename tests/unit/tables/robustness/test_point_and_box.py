"""The table of two regimes by every measure, at the point and in the box."""

import numpy as np
import pandas as pd
import pytest

from examples import NAN, point_and_box
from sharpminima.tables.robustness.point_and_box import tabulate

PAIRS = [["SB", "LB"]]
TABLE = tabulate(*point_and_box(), PAIRS)


def of(measure):
    return TABLE[TABLE["measure"] == measure]


def test_each_measure_has_its_rows_and_only_boxes_an_epsilon():
    counts = TABLE.groupby("measure")["epsilon"].agg(["size", "count"])
    assert counts.loc["largest eigenvalue"].tolist() == [1, 0]
    assert counts.loc["average-case sharpness"].tolist() == [3, 3]
    assert counts.loc["sharpness (Metric 2.1)"].tolist() == [3, 3]
    assert (TABLE["seeds"] == 2).all()


def test_the_ratio_is_that_of_pairs_and_its_mean_is_geometric():
    row = of("largest eigenvalue").iloc[0]
    assert row["ratio_of_each_seed"] == "0.01, 0.02"
    assert row["ratio_mean"] == pytest.approx(0.01 * np.sqrt(2))
    assert row["first_value_mean"] == pytest.approx(2.0)
    assert row["ratio_low"] < row["ratio_mean"] < row["ratio_high"]


def test_the_order_turns_over_in_the_box_and_not_at_the_point():
    assert of("largest eigenvalue")["sharper"].tolist() == ["SB"]
    assert of("trace")["sharper"].tolist() == ["SB"]
    assert of("sharpness (Metric 2.1)")["sharper"].tolist() == [
        "SB",
        "depends on the seed",
        "LB",
    ]


def test_the_smallest_eigenvalue_keeps_its_sign_and_has_no_ratio():
    row = of("smallest eigenvalue").iloc[0]
    assert row["first_value_mean"] == pytest.approx(-0.1)
    assert row["second_value_mean"] == pytest.approx(1.5e-3)
    assert np.isnan(row["ratio_mean"])
    assert row["ratio_of_each_seed"] == ""
    assert row["sharper"] is None or np.isnan(row["sharper"])


def test_a_seed_with_a_diverged_run_does_not_count():
    rows = point_and_box()
    for table, column in zip(rows, ("trace", "average_sharpness", "sharpness")):
        lost = (table["regime"] == "LB") & (table["seed"] == 1)
        table.loc[lost, column] = NAN
    table = tabulate(*rows, PAIRS).set_index("measure")
    assert table.loc["trace", "seeds"] == 1
    assert table.loc["trace", "ratio_of_each_seed"] == "0.1"
    assert table.loc["largest eigenvalue", "seeds"] == 2


def test_a_pair_of_one_regime_with_itself_is_equal():
    table = tabulate(*point_and_box(), [["SB", "SB"]])
    ratios = table.loc[table["measure"] != "smallest eigenvalue", "ratio_mean"]
    assert ratios.to_numpy() == pytest.approx(1.0)


def test_a_regime_without_any_value_leaves_no_row():
    rows = point_and_box()
    for table, column in zip(rows, ("trace", "average_sharpness", "sharpness")):
        table.loc[table["regime"] == "LB", column] = NAN
    names = ["largest_eigenvalue", "smallest_eigenvalue"]
    rows[0].loc[rows[0]["regime"] == "LB", names] = NAN
    assert tabulate(*rows, PAIRS).empty


def test_a_seed_without_a_ratio_leaves_the_order_open():
    rows = point_and_box()
    lost = (rows[0]["regime"] == "LB") & (rows[0]["seed"] == 1)
    rows[0].loc[lost, "largest_eigenvalue"] = -3.0
    row = tabulate(*rows, PAIRS).set_index("measure").loc["largest eigenvalue"]
    assert pd.isna(row["sharper"])
