"""Curvature on the way as shares of what the optimizer bears."""

import numpy as np
import pandas as pd
import pytest

from examples import EDGE
from sharpminima.tables.experiments.edge_of_stability import tabulate

TABLE = tabulate(EDGE).set_index(["regime", "epoch"])


def test_each_optimizer_is_judged_by_its_own_curvature():
    share = TABLE["share_of_threshold_mean"]
    assert share["SB-iterates", 1] == pytest.approx(20000 / 38000)
    assert share["LB-iterates", 1] == pytest.approx(19 / 20)


def test_adam_has_no_share_before_its_first_update():
    assert np.isnan(TABLE.loc[("SB-iterates", 0), "share_of_threshold_mean"])
    assert TABLE.loc[("SB-iterates", 0), "critical_share_mean"] == pytest.approx(0.5)


def test_batches_are_compared_with_two_over_the_rate():
    assert TABLE.loc[("LB-iterates", 1), "batch_share_mean"] == pytest.approx(0.9)
    assert np.isnan(TABLE.loc[("SB-iterates", 1), "batch_share_mean"])


def test_means_over_seeds_are_geometric_and_negative_values_have_none():
    twice = EDGE.assign(seed=1, eigenvalue=[4.0, 8.0, -1.0, 19.0])
    both = tabulate(pd.concat([EDGE, twice])).set_index(["regime", "epoch"])
    assert both["runs"].tolist() == [2] * 4
    found = both["eigenvalue_mean"]
    assert found["SB-iterates", 0] == pytest.approx(np.sqrt(1.0 * 4.0))
    assert found["LB-iterates", 0] == pytest.approx(5.0)  # of the one that has any
