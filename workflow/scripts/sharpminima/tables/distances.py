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

    Returns:
        Counts; mean and standard deviation of the three Euclidean distances, and of
        `distance_ratio`, the first minimum's distance to x_0 over the second's.
    """
    return summarise(rows, KEYS, MEASURES)
