"""From searches to runs: the spaces that a study has."""

from examples import SEARCHES
from sharpminima.tables.summaries.searches import sharpness_of_runs


def test_a_study_of_the_full_space_alone_has_its_sharpness():
    rows = SEARCHES[SEARCHES["space"] == "full"]
    table = sharpness_of_runs(rows.drop(columns="subspace_seed"))
    assert table.equals(sharpness_of_runs(rows))


def test_every_run_space_and_epsilon_has_a_row():
    rows = sharpness_of_runs(SEARCHES).set_index(["regime", "seed", "space"])
    assert rows.loc[("SB", 0, "full"), "sharpness"] == 2.0
    assert rows.loc[("SB", 0, "subspace"), "sharpness"] == 0.2
    assert len(rows) == 5
