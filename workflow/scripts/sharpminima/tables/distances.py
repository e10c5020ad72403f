"""How far the minima lie from their starting point and from each other."""

import pandas as pd

from sharpminima.tables.summaries.averages import summarise

KEYS = ["network", "dataset", "first", "second"]
MEASURES = ["first_to_initial", "second_to_initial", "first_to_second"]
MEASURES += ["distance_ratio"]


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and pair of regimes, averaged over the seeds.

    Args:
        rows: One row per pair of runs, as the rule `measure_interpolation` writes it.
    """
    return summarise(rows, KEYS, MEASURES)
