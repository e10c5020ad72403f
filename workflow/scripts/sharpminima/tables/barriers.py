"""Barriers between minima of one regime and of two, as trained and matched."""

import numpy as np
import pandas as pd

from sharpminima.tables.summaries.averages import counted, with_versions
from sharpminima.tables.summaries.jackknife import SEEDS, over_seeds

PAIR = ["network", "dataset", "first", "second", *SEEDS, "units"]
KEYS = ["network", "dataset", "first", "second", "seeds", "units"]
MEASURES = ["train_barrier", "test_barrier", "distance"]


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network, two regimes, one seed or two, and order of units.

    Args:
        rows: One row per position between two runs, as the rule `measure_barriers`
            writes it.

    Returns:
        How many pairs of `runs` there are, and how many have a run that `diverged`; the
        mean over the pairs, with its 95 % interval by `over_seeds`, of both barriers
        (nats) and of the Euclidean distance.
    """
    pairs = of_pairs(rows)
    table = counted(pairs, KEYS).rename(columns={"runs": "pairs"})
    for measure in MEASURES:
        table = table.join(over_seeds(pairs, KEYS, measure))
    return with_versions(table, with_seeds(rows), KEYS).reset_index()


def of_pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pair of runs and order of units: its barriers (nats)."""
    found = rows.groupby(PAIR, sort=False).agg(
        status=("status", "first"),
        distance=("distance", "first"),
        train_barrier=("train_excess", "max"),
        test_barrier=("test_excess", "max"),
    )
    return with_seeds(found.reset_index())


def with_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows that say whether both runs have one seed, in column `seeds`."""
    shared = rows["first_seed"] == rows["second_seed"]
    return rows.assign(seeds=np.where(shared, "one", "different"))
