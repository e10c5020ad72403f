"""Table 2: means over sound runs, counts of all runs."""

import numpy as np
import pytest

from examples import outcomes
from sharpminima.tables import paper
from sharpminima.tables.accuracy import tabulate

NAN = float("nan")


def by_regime(*runs, **common):
    rows = outcomes(*runs, **common)
    return tabulate(rows, paper.read()).set_index("regime")


def test_mean_and_sample_deviation_over_the_seeds():
    row = by_regime(("SB", 0, "ceased", 97.0), ("SB", 1, "ceased", 99.0)).loc["SB"]
    assert (row["runs"], row["test_accuracy_mean"]) == (2, 98.0)
    assert row["test_accuracy_std"] == pytest.approx(2**0.5)


def test_one_run_has_no_deviation():
    row = by_regime(("SB", 0, "ceased", 97.0)).loc["SB"]
    assert np.isnan(row["test_accuracy_std"])


def test_diverged_runs_are_counted_and_not_averaged():
    table = by_regime(
        ("LB", 0, "floor", 97.0),
        ("LB", 1, "diverged", 10.0),
        ("LB", 2, "max_epochs", 99.0),
    )
    row = table.loc["LB"]
    assert (row["runs"], row["diverged"], row["unconverged"]) == (3, 1, 1)
    assert row["test_accuracy_mean"] == 98.0


def test_a_regime_that_only_diverged_has_no_mean():
    table = by_regime(("SB", 0, "ceased", 97.0), ("LB", 0, "diverged", NAN))
    assert np.isnan(table.loc["LB", "test_accuracy_mean"])
    assert table.loc["LB", "diverged"] == 1
