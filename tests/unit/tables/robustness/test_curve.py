"""The table of sharpness against epsilon."""

import numpy as np
import pandas as pd
import pytest

from examples import CURVES
from sharpminima.tables.robustness import curve

TABLE = curve.tabulate(CURVES, [["SB", "LB"]])


def of(space):
    return TABLE[TABLE["space"] == space]


def test_every_point_has_the_exponents_from_the_next_smaller_one():
    for each, expected in {"first": [1.0, 1.0], "second": [2.0, 3.0]}.items():
        smallest, *larger = of("full")[f"{each}_exponent"]
        assert np.isnan(smallest)
        assert larger == pytest.approx(expected)


def test_the_exponent_of_a_power_law_is_that_of_the_law_at_uneven_epsilons():
    rows = CURVES.assign(epsilon=CURVES["epsilon"].replace(1e-3, 3e-3))
    rows["sharpness"] = rows["epsilon"] ** 1.7
    table = curve.tabulate(rows, [["SB", "LB"]])
    for _, found in table.groupby("space")["first_exponent"]:
        assert found.isna().tolist() == [True, False, False]
        assert found.iloc[1:].tolist() == pytest.approx([1.7] * 2)


def test_the_change_of_order_is_told_and_so_is_that_there_is_none():
    assert of("full")["order_changes_at"].tolist() == ["0.00316"] * 3
    assert of("adaptive")["order_changes_at"].tolist() == ["none"] * 3
    twice = CURVES[CURVES["space"] == "full"].copy()
    twice.loc[twice["regime"] == "LB", "sharpness"] = [20.0, 1.0, 1000.0] * 2
    table = curve.tabulate(twice, [["SB", "LB"]])
    assert table["order_changes_at"][0].count(",") == 1


def test_where_every_run_diverged_nothing_is_said_of_the_order():
    rows = CURVES[CURVES["seed"] == 1]
    table = curve.tabulate(rows, [["SB", "LB"]])
    assert table["seeds"].tolist() == [0] * 6
    assert table["order_changes_at"].isna().all()
    assert table[["ratio_mean", "second_exponent"]].isna().all(axis=None)


def test_every_pair_has_its_own_rows():
    other = CURVES[CURVES["regime"] == "LB"].assign(regime="LB-sgd")
    table = curve.tabulate(pd.concat([CURVES, other]), [["SB", "LB"], ["SB", "LB-sgd"]])
    assert table["second"].tolist() == ["LB"] * 6 + ["LB-sgd"] * 6
    assert table.columns[:5].tolist() == [
        *("first", "second", "network", "dataset", "space")
    ]
    assert set(table["versions"]) == {"keras 1"}
