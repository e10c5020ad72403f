"""The paper's values stand beside its own settings, and beside no other."""

import numpy as np
import pytest

from examples import SEARCHES, outcomes
from sharpminima.tables import accuracy, paper, sharpness

PAPER = paper.read()


def accuracy_of(*runs, **common):
    rows = outcomes(*runs, **common)
    return accuracy.tabulate(rows, PAPER).set_index("regime")


def test_the_papers_values_stand_beside_its_setting():
    table = accuracy_of(("SB", 0, "ceased", 97.0), ("LB", 0, "floor", 97.0))
    assert table.loc["SB", "paper_test_accuracy_mean"] == 98.03
    assert table.loc["LB", "paper_test_accuracy_std"] == 0.07
    assert table.loc["LB", "paper_train_accuracy_mean"] == 99.92


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "mnist5k"},
        {"learning_rate": 1e-2},
        {"parameters": 7},
        {"train_examples": 4000},
        {"test_examples": 1000},
        {"batch_norm": "moving"},
        {"batch_size": 32},
        {"variant": "sgd"},
    ],
)
def test_another_setting_has_no_paper_beside_it(change):
    table = accuracy_of(("SB", 0, "ceased", 97.0), **change)
    assert np.isnan(table.loc["SB", "paper_test_accuracy_mean"])


def sharpness_cell(regime, space):
    table = sharpness.tabulate(SEARCHES, PAPER)
    return table.set_index(["regime", "space"]).loc[(regime, space)]


def test_tables_3_and_4_stand_beside():
    assert sharpness_cell("LB", "full")["paper_mean"] == 205.14
    assert sharpness_cell("SB", "subspace")["paper_mean"] == 0.11


@pytest.mark.parametrize(
    "change",
    [
        {"max_iterations": 100},
        {"dimensions": 50},
        {"measure_examples": 2000},
        {"variant": "augmentation"},
    ],
)
def test_another_measure_has_no_paper_beside_it(change):
    table = sharpness.tabulate(SEARCHES.assign(**change), PAPER)
    table = table.set_index(["regime", "space"])
    assert np.isnan(table.loc[("SB", "subspace"), "paper_mean"])
