"""Loss, accuracy and sharpness along training, averaged (the paper's Figure 6)."""

import pandas as pd

from sharpminima.tables.summaries.averages import summarise

KEYS = ["network", "dataset", "regime", "epoch", "epsilon"]
MEASURES = ["train_loss", "train_accuracy", "test_loss", "test_accuracy"]


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network, regime and epoch.

    Args:
        rows: One row per iterate, as the rule `measure_trajectory` writes it.

    Returns:
        Counts; mean and standard deviation of the losses (nats per example) and of the
        accuracies (percent); the geometric mean of the sharpness (percent) with its
        95 % interval.
    """
    return summarise(rows, KEYS, MEASURES, ["sharpness"])
