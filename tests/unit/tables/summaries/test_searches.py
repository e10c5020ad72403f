"""From searches to runs: the spaces that a study has."""

from examples import SEARCHES
from sharpminima.tables.summaries.searches import (
    best_searches,
    by_protocol_of_paper,
    sharpness_of_runs,
)


def test_a_study_of_the_full_space_alone_has_its_sharpness():
    rows = SEARCHES[SEARCHES["space"] == "full"]
    table = sharpness_of_runs(rows.drop(columns="subspace_seed"))
    assert table.equals(sharpness_of_runs(rows))


def test_every_run_space_and_epsilon_has_a_row():
    rows = sharpness_of_runs(SEARCHES).set_index(["regime", "seed", "space"])
    assert rows.loc[("SB", 0, "full"), "sharpness"] == 2.0
    assert rows.loc[("SB", 0, "subspace"), "sharpness"] == 0.2
    assert len(rows) == 5


def test_the_best_search_of_each_run_and_subspace_is_kept_whole():
    best = best_searches(SEARCHES)
    found = list(zip(best["sharpness"], best["start"]))
    assert found[:3] == [(2.0, "random"), (4.0, "zero"), (100.0, "zero")]
    assert len(best[best["status"] == "diverged"]) == 1
    assert best.loc[best["space"] == "subspace", "sharpness"].tolist() == [0.1, 0.3]


def test_the_papers_protocol_is_lbfgsb_from_the_minimum():
    rows = SEARCHES.assign(maximiser=["sign", *["lbfgsb"] * 9])
    assert by_protocol_of_paper(rows).index.tolist() == [2, 4, 6, 8, 9]
