"""Metric 2.1 by regime, space and epsilon (the paper's Tables 3 and 4)."""

import pandas as pd

from sharpminima.tables.paper import with_paper
from sharpminima.tables.summaries.averages import (
    CONDITION,
    counted,
    geometric,
    statistics,
    with_versions,
)
from sharpminima.tables.summaries.searches import (
    CELL,
    by_protocol_of_paper,
    sharpness_of_runs,
)

KEYS = [*CONDITION, *CELL]


def tabulate(measurements: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network, regime, space and epsilon.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        paper: The paper's values, as `paper.read` returns them.

    Returns:
        - `runs` and `diverged`: how many there are.
        - `sharpness_...`: geometric mean with its 95 % interval, `min` and `max` of the
          runs' sharpness (percent), each the largest that any search found.
        - `lbfgsb_...`: the same mean by L-BFGS-B alone, as in the paper.
        - `gap_percent`: by how much the first mean exceeds the second.
        - `paper_...`: the paper's mean and standard deviation where the setting is the
          paper's.
    """
    values = sharpness_of_runs(measurements)
    table = counted(values, KEYS).join(geometric(values, KEYS, "sharpness"))
    table = table.join(statistics(values, KEYS, "sharpness", ["min", "max"]))
    as_in_paper = by_protocol_of_paper(measurements)
    alone = sharpness_of_runs(as_in_paper).rename(columns={"sharpness": "lbfgsb"})
    table = table.join(geometric(alone, KEYS, "lbfgsb"))
    gap = 100.0 * (table["sharpness_mean"] / table["lbfgsb_mean"] - 1.0)
    table = table.assign(gap_percent=gap)
    known = paper.dropna(subset="space")
    table = with_paper(table, as_in_paper, known, KEYS, "paper_")
    return with_versions(table, measurements, KEYS).reset_index()
