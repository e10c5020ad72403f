"""Average-case sharpness by regime, averaged over the runs."""

import pandas as pd

from sharpminima.tables.summaries.averages import CONDITION, summarise

KEYS = [*CONDITION, "epsilon", "pairs"]


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network, regime and epsilon.

    Args:
        rows: One row per run and epsilon, as `measures.average_sharpness` returns it.

    Returns:
        Counts; mean and standard deviation over the runs of `average_rise` (nats per
        example) and `average_sharpness` (percent); `largest_standard_error`, the
        largest of the runs' own standard errors (nats per example).
    """
    table = summarise(rows, KEYS, ["average_rise", "average_sharpness"])
    errors = rows.groupby(KEYS)["standard_error"].max()
    return table.join(errors.rename("largest_standard_error"), on=KEYS)
