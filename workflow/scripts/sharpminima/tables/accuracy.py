"""Accuracy and loss at the end of training, by regime (the paper's Table 2)."""

import pandas as pd

from sharpminima.storage.rows import UNCONVERGED
from sharpminima.tables.paper import with_paper
from sharpminima.tables.summaries.averages import (
    CONDITION,
    counted,
    statistics,
    with_versions,
)

STATISTICS = {
    "train_accuracy": ["mean", "std"],
    "test_accuracy": ["mean", "std"],
    "train_loss": ["mean"],
    "test_loss": ["mean"],
    "epochs": ["mean"],
}
MEASURE_OF_PAPER = {
    "train_accuracy": "train_accuracy_pct",
    "test_accuracy": "test_accuracy_pct",
}


def tabulate(outcomes: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and regime.

    Args:
        outcomes: One row per run, as the rule `train` writes it.
        paper: The paper's values, as `paper.read` returns them.

    Returns:
        How many `runs` there are, and how many of them `diverged` or are `unconverged`;
        means and standard deviations of accuracy (percent) and loss (nats per example)
        over the runs that did not diverge; the paper's accuracies where the setting is
        the paper's.
    """
    table = counted(outcomes, CONDITION)
    statuses = outcomes.groupby(CONDITION, sort=False)["status"]
    table["unconverged"] = statuses.agg(lambda status: (status == UNCONVERGED).sum())
    for measure, names in STATISTICS.items():
        table = table.join(statistics(outcomes, CONDITION, measure, names))
    for measure, name in MEASURE_OF_PAPER.items():
        values = paper[paper["measure"] == name]
        table = with_paper(table, outcomes, values, CONDITION, f"paper_{measure}_")
    return with_versions(table, outcomes, CONDITION).reset_index()
