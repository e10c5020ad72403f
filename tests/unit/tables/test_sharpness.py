"""Tables 3 and 4: means over the runs, each as sharp as its searches say."""

import pandas as pd
import pytest

from examples import NAN, SEARCHES
from sharpminima.tables import paper, sharpness

PAPER = paper.read()


def sharpness_cell(regime, space):
    table = sharpness.tabulate(SEARCHES, PAPER)
    return table.set_index(["regime", "space"]).loc[(regime, space)]


def test_a_run_is_as_sharp_as_its_sharpest_start():
    row = sharpness_cell("SB", "full")
    assert (row["runs"], row["diverged"]) == (2, 0)
    assert (row["sharpness_min"], row["sharpness_max"]) == (2.0, 4.0)
    assert row["sharpness_mean"] == pytest.approx(8**0.5)


def test_subspaces_of_a_run_are_averaged():
    assert sharpness_cell("SB", "subspace")["sharpness_mean"] == pytest.approx(0.2)


def test_a_diverged_run_has_no_sharpness_but_counts():
    row = sharpness_cell("LB", "full")
    assert (row["runs"], row["diverged"]) == (2, 1)
    assert row["sharpness_mean"] == pytest.approx(100.0)


def test_the_papers_protocol_stands_beside_the_best_of_all_searches():
    """SB's first seed has 8 by sign ascent and 1 by L-BFGS-B, its second 4 by both."""
    found = SEARCHES[(SEARCHES["regime"] == "SB") & (SEARCHES["start"] == "zero")]
    found = found.assign(maximiser="sign", max_iterations=NAN)
    found["sharpness"] = found["sharpness"].replace({1.0: 8.0})
    rows = pd.concat([SEARCHES, found], ignore_index=True)
    table = sharpness.tabulate(rows, PAPER).set_index(["regime", "space"])
    row = table.loc[("SB", "full")]
    assert row["sharpness_mean"] == pytest.approx(32**0.5)
    assert row["lbfgsb_mean"] == pytest.approx(2.0)
    assert row["gap_percent"] == pytest.approx(100 * (8**0.5 - 1))
    assert row["paper_mean"] == 1.23
    assert table.loc[("LB", "full"), "gap_percent"] == pytest.approx(0.0)
    assert len(table) == 3


def test_a_space_that_lbfgsb_did_not_search_has_no_gap():
    rows = SEARCHES.assign(maximiser=SEARCHES["space"].map({"full": "lbfgsb"}))
    row = sharpness.tabulate(rows, PAPER).set_index("space").loc["subspace"]
    assert row[["lbfgsb_mean", "gap_percent", "paper_mean"]].isna().all()
