"""Tables 3 and 4: means over the runs, each as sharp as its searches say."""

import pytest

from examples import SEARCHES
from sharpminima.tables import paper, sharpness

PAPER = paper.read()


def sharpness_cell(regime, space):
    table = sharpness.tabulate(SEARCHES, PAPER)
    return table.set_index(["regime", "space"]).loc[(regime, space)]


def test_a_run_is_as_sharp_as_its_sharpest_start():
    row = sharpness_cell("SB", "full")
    assert (row["runs"], row["diverged"]) == (2, 0)
    assert (row["mean"], row["min"], row["max"]) == (3.0, 2.0, 4.0)
    assert row["std"] == pytest.approx(2**0.5)


def test_subspaces_of_a_run_are_averaged():
    assert sharpness_cell("SB", "subspace")["mean"] == pytest.approx(0.2)


def test_a_diverged_run_has_no_sharpness_but_counts():
    row = sharpness_cell("LB", "full")
    assert (row["runs"], row["diverged"], row["mean"]) == (2, 1, 100.0)
