"""The table of short searches beside a long one."""

import pytest

from examples import SEARCHED_LONGER
from sharpminima.tables.robustness import solver_gap

TABLE = solver_gap.tabulate(SEARCHED_LONGER).set_index("regime")


def test_means_are_geometric_and_leave_out_what_diverged():
    row = TABLE.loc["LB"]
    assert (row["runs"], row["diverged"]) == (3, 1)
    assert row["paper_mean"] == pytest.approx((90.0 * 160.0) ** 0.5)
    assert row["searches_mean"] == pytest.approx((95.0 * 190.0) ** 0.5)
    assert row["reference_mean"] == pytest.approx(200.0)
    assert row["reference_low"] < 200.0 < row["reference_high"]


def test_the_gap_is_told_in_percent_of_the_reference():
    gap = [f"percent_below_{name}" for name in ("mean", "min", "max")]
    assert TABLE.loc["LB", gap].tolist() == pytest.approx([35.0, 10.0, 60.0])
    assert TABLE.loc["SB", gap].tolist() == pytest.approx([50.0, 50.0, 50.0])
    assert set(TABLE["versions"]) == {"keras 3.15.1"}
