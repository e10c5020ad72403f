"""How far the paper's search, and ours, are below a longer search."""

import pandas as pd

from sharpminima.tables.summaries.averages import (
    CONDITION,
    counted,
    geometric,
    statistics,
    with_versions,
)
from sharpminima.tables.summaries.protocols import PROTOCOLS, by_protocol

KEYS = [*CONDITION, "epsilon"]


def tabulate(measurements: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network, regime and epsilon, of the full space.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.

    Returns:
        Counts; for each of `PROTOCOLS` the geometric mean over the runs (percent) with
        its 95 % interval; `percent_below_...`: mean, smallest and largest over the runs
        of how far the paper's protocol is below the reference.
    """
    runs = by_protocol(measurements)
    table = counted(runs, KEYS)
    for protocol in PROTOCOLS:
        table = table.join(geometric(runs, KEYS, protocol))
    below = statistics(runs, KEYS, "percent_below", ["mean", "min", "max"])
    return with_versions(table.join(below), measurements, KEYS).reset_index()
