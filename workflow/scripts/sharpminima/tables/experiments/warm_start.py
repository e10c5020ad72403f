"""What warm starts reach, averaged by the epoch that they began with (Figure 5)."""

import pandas as pd

from sharpminima.tables.summaries.averages import summarise

KEYS = ["network", "dataset", "epoch", "epsilon"]


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and epoch of the first regime.

    Args:
        rows: One row per run, as `warm_start_runs.tabulate` returns it.

    Returns:
        Counts; mean and standard deviation of every `first_...` and `second_...`:
        accuracies and sharpness (percent), loss (nats per example).
    """
    first = [name for name in rows.columns if name.startswith("first_")]
    second = [name for name in rows.columns if name.startswith("second_")]
    return summarise(rows, KEYS, [*first, *second])
