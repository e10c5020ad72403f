"""Means of two curves, and where they cross."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from examples import CURVES, curve_rows
from sharpminima.tables.summaries.curves import crossings, means_of_pair

EPSILONS = [1e-4, 1e-3, 1e-2]


def crossed(*ratios):
    """Return the crossings of a curve of SB that is 4 throughout, and of LB."""
    curves = {("SB", 0, "full"): [4.0] * 3, ("LB", 0, "full"): 4.0 * np.array(ratios)}
    return crossings(means_of_pair(curve_rows(curves, EPSILONS), "SB", "LB"))


def test_a_seed_counts_where_both_regimes_have_a_value():
    means = means_of_pair(CURVES, "SB", "LB")
    full, adaptive = (means.xs(s, level="space") for s in ("full", "adaptive"))
    assert full["seeds"].tolist() == [1, 1, 1]
    assert full["first_sharpness_mean"].tolist() == pytest.approx([1.0, 10.0, 100.0])
    assert full["ratio_mean"].tolist() == pytest.approx([0.01, 0.1, 10.0])
    assert adaptive["seeds"].tolist() == [0, 1, 1]
    assert adaptive.iloc[0][["first_sharpness_mean", "ratio_mean"]].isna().all()


def test_means_are_geometric_and_have_students_interval_of_the_logarithms():
    curves = {
        (regime, seed, "full"): values
        for regime, of_seeds in {"SB": ([1.0], [4.0]), "LB": ([9.0], [100.0])}.items()
        for seed, values in enumerate(of_seeds)
    }
    row = means_of_pair(curve_rows(curves, [1e-3]), "SB", "LB").iloc[0]
    assert row["seeds"] == 2
    ratios = [9.0, 25.0]
    expected = {"first_sharpness": [1.0, 4.0], "second_sharpness": [9.0, 100.0]}
    for measure, values in (expected | {"ratio": ratios}).items():
        logs = np.log(values)
        bounds = stats.t.interval(0.95, 1, logs.mean(), stats.sem(logs))
        found = row[[f"{measure}_{name}" for name in ("mean", "low", "high")]]
        assert found.tolist() == pytest.approx([stats.gmean(values), *np.exp(bounds)])
    assert row["ratio_mean"] == pytest.approx(15.0)


def test_a_crossing_is_interpolated_in_logarithms():
    change = crossings(means_of_pair(CURVES, "SB", "LB").xs("full", level="space"))
    assert change["epsilon"].tolist() == pytest.approx([10**-2.5])
    assert change["sharpness"].tolist() == pytest.approx([10**1.5])
    assert crossed(0.1, 1000.0, 2000.0)["epsilon"].tolist() == pytest.approx(
        [10**-3.75]
    )


@pytest.mark.parametrize(
    ("ratios", "epsilons"),
    [
        ((2.0, 3.0, 4.0), []),
        ((0.5, 2.0, 0.5), [10**-3.5, 10**-2.5]),
        ((0.5, 1.0, 2.0), [1e-3]),
        ((0.1, np.nan, 10.0), [1e-3]),
        ((np.nan, np.nan, np.nan), []),
    ],
    ids=["none", "two", "at a point", "across a gap", "nothing known"],
)
def test_every_change_of_the_order_is_found(ratios, epsilons):
    change = crossed(*ratios)
    assert change["epsilon"].tolist() == pytest.approx(epsilons)
    assert change["sharpness"].tolist() == pytest.approx([4.0] * len(epsilons))


def test_without_a_change_there_is_a_table_without_rows():
    assert crossed(2.0, 3.0, 4.0).equals(
        pd.DataFrame({"epsilon": [], "sharpness": []}, dtype=float)
    )
