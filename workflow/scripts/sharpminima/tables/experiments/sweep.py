"""Accuracy and sharpness by batch size, averaged (the paper's Figure 4)."""

import pandas as pd

from sharpminima.tables.summaries.averages import summarise

KEYS = ["network", "dataset", "batch_size"]
MEASURES = ["train_accuracy", "test_accuracy"]


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and batch size.

    Args:
        rows: One row per run, as `sweep_runs.tabulate` returns it.

    Returns:
        Counts; mean and standard deviation of the accuracies, and the geometric mean
        of the sharpness in the full space with its 95 % interval (all in percent).
    """
    return summarise(rows, KEYS, MEASURES, ["sharpness"])
