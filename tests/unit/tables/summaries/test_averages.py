"""Averages: every package version behind a condition is named."""

from examples import SEARCHES, outcomes
from sharpminima.tables import accuracy, paper, sharpness

PAPER = paper.read()


def test_mixed_versions_are_all_named():
    rows = outcomes(("SB", 0, "ceased", 97.0), ("SB", 1, "ceased", 97.0))
    rows.loc[1, "versions"] = "keras 3.16.0"
    table = accuracy.tabulate(rows, PAPER)
    assert table.loc[0, "versions"] == "keras 3.15.1 | keras 3.16.0"


def test_versions_that_trained_count_as_well():
    rows = SEARCHES.assign(trained_with="keras 3.14.0 | keras 3.15.1")
    table = sharpness.tabulate(rows, PAPER)
    assert set(table["versions"]) == {"keras 3.14.0 | keras 3.15.1"}
