"""Further regimes beside the pair that they vary, seed by seed."""

import pytest

from examples import NAN, measured_with, trained
from sharpminima.tables import further_regimes

REMEDIES = trained(
    *(("SB", 32, seed, "ceased", 98.0) for seed in (0, 1, 2)),
    ("LB", 400, 0, "floor", 95.0),
    ("LB", 400, 1, "floor", 96.0),
    ("LB", 400, 2, "diverged", 10.0),
    ("LB-new", 400, 0, "floor", 96.0),
    ("LB-new", 400, 1, "floor", 99.0),
    ("LB-new", 400, 2, "floor", 97.0),
)
OF_REMEDIES = measured_with(
    REMEDIES,
    *(("SB", seed, "full", 1e-3, 1.0) for seed in (0, 1, 2)),
    *(("LB", seed, "full", 1e-3, 200.0 + seed) for seed in (0, 1)),
    ("LB", 2, "full", 1e-3, NAN),
    *(("LB-new", seed, "full", 1e-3, 100.0) for seed in (0, 1, 2)),
)


def test_remedies_are_compared_with_plain_runs_seed_by_seed():
    table = further_regimes.tabulate(REMEDIES, OF_REMEDIES, ["SB", "LB"])
    row = table.set_index("regime").loc["LB-new"]
    assert (row["runs"], row["diverged"]) == (3, 0)
    assert row["test_accuracy_mean"] == pytest.approx(292 / 3)
    assert row["test_accuracy_minus_LB_mean"] == 2.0
    assert row["test_accuracy_minus_LB_std"] == pytest.approx(2**0.5)
    assert row["sharpness_mean"] == pytest.approx(100.0)
    mean_of_large = (200.0 * 201.0) ** 0.5
    assert row["sharpness_over_LB_mean"] == pytest.approx(100.0 / mean_of_large)
    assert row["sharpness_over_LB_low"] < 0.5 < row["sharpness_over_LB_high"]


def test_plain_regimes_stand_beside_the_remedies():
    table = further_regimes.tabulate(REMEDIES, OF_REMEDIES, ["SB", "LB"])
    table = table.set_index("regime")
    assert list(table.index) == ["SB", "LB", "LB-new"]
    assert table.loc["LB", ["runs", "diverged"]].tolist() == [3, 1]
    assert table.loc["LB", "test_accuracy_minus_LB_mean"] == 0
    assert table.loc["SB", "test_accuracy_minus_LB_mean"] == 2.5
    assert table.loc["LB", "sharpness_mean"] == pytest.approx((200.0 * 201.0) ** 0.5)
    assert table.loc["LB", "sharpness_over_LB_mean"] == pytest.approx(1.0)


def test_nothing_compares_with_a_sharpness_of_zero():
    flat = OF_REMEDIES["regime"] == "LB"
    searches = OF_REMEDIES.assign(sharpness=OF_REMEDIES["sharpness"].mask(flat, 0.0))
    table = further_regimes.tabulate(REMEDIES, searches, ["SB", "LB"])
    assert table["sharpness_over_LB_mean"].isna().all()
