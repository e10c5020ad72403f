"""Average-case sharpness by regime, averaged over the runs."""

import pandas as pd

from sharpminima.tables.summaries.averages import CONDITION, statistics, summarise

KEYS = [*CONDITION, "epsilon", "pairs"]
MEASURES = ["average_rise", "average_sharpness"]


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network, regime and epsilon.

    Args:
        rows: One row per run and epsilon, as `measures.average_sharpness` returns it.

    Returns:
        Counts; the geometric mean over the runs, with its 95 % interval, of
        `average_rise` (nats per example) and `average_sharpness` (percent), missing
        where a run's is negative; `average_sharpness_min` and `..._max`;
        `largest_standard_error`, the largest of the runs' own standard errors (nats per
        example).
    """
    table = summarise(rows, KEYS, sharpness=MEASURES)
    # A mean rise can be negative, unlike the largest. Both ends show it.
    ends = statistics(rows, KEYS, "average_sharpness", ["min", "max"])
    errors = rows.groupby(KEYS)["standard_error"].max()
    return table.join(ends, on=KEYS).join(
        errors.rename("largest_standard_error"), on=KEYS
    )
