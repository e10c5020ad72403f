"""Metric 2.1 by regime, space and epsilon (the paper's Tables 3 and 4)."""

import pandas as pd

from sharpminima.tables.paper import with_paper
from sharpminima.tables.summaries.averages import (
    CONDITION,
    counted,
    statistics,
    with_versions,
)
from sharpminima.tables.summaries.searches import CELL, sharpness_of_runs

KEYS = [*CONDITION, *CELL]


def tabulate(measurements: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network, regime, space and epsilon.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        paper: The paper's values, as `paper.read` returns them.

    Returns:
        `runs`; `diverged`; `mean`, `std`, `min` and `max` of the runs' sharpness
        (percent) over the runs that did not diverge; the paper's mean and standard
        deviation where the setting is the paper's.
    """
    values = sharpness_of_runs(measurements)
    columns = statistics(values, KEYS, "sharpness", ["mean", "std", "min", "max"])
    columns.columns = columns.columns.str.removeprefix("sharpness_")
    table = counted(values, KEYS).join(columns)
    known = paper.dropna(subset="space")
    table = with_paper(table, measurements, known, KEYS, "paper_")
    return with_versions(table, measurements, KEYS).reset_index()
