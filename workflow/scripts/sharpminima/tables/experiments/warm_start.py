"""What warm starts reach, averaged by the epoch that they began with (Figure 5)."""

import pandas as pd

from sharpminima.tables.summaries.averages import summarise

KEYS = ["network", "dataset", "epoch", "epsilon"]
MEASURES = ["first_test_accuracy", "first_train_loss"]
MEASURES += ["second_test_accuracy", "second_train_accuracy"]


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and epoch of the first regime.

    Args:
        rows: One row per run, as `warm_start_runs.tabulate` returns it.

    Returns:
        Counts; mean and standard deviation of accuracies (percent) and loss (nats per
        example); the geometric mean of the sharpness (percent) with its 95 % interval.
    """
    return summarise(rows, KEYS, MEASURES, ["second_sharpness"])
