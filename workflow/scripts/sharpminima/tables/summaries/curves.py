"""Curves of sharpness against epsilon: means of two regimes, and where they cross."""

import numpy as np
import pandas as pd

from sharpminima.tables.summaries.averages import geometric
from sharpminima.tables.summaries.pairs import side_by_side

CURVE = ["network", "dataset", "space"]
POINT = [*CURVE, "epsilon"]


def means_of_pair(rows: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return one row for each point of the curves of two regimes.

    Args:
        rows: One row per run, space and epsilon, as the rule `measure_curve` writes it.
        first: A regime.
        second: Another one.

    Returns:
        `seeds`, how many have both values above 0. Over these, the geometric means with
        their 95 % intervals: `first_sharpness_...` and `second_sharpness_...`
        (percent), and `ratio_...`, second over first. The index is `POINT`.
    """
    both = side_by_side(rows, [*POINT, "seed"], first, second)
    # A seed counts with both values or not at all, so that the ratio compares pairs.
    both = both.where((both > 0).all(axis="columns"))
    ratio = both["second_sharpness"] / both["first_sharpness"]
    # Runs that diverged have no value: they need no status of their own.
    seeds = both.assign(ratio=ratio, status="ok")
    means = seeds.groupby(POINT, sort=False)["ratio"].count().to_frame("seeds")
    for measure in ("first_sharpness", "second_sharpness", "ratio"):
        means = means.join(geometric(seeds, POINT, measure))
    return means


def crossings(curve: pd.DataFrame) -> pd.DataFrame:
    """Return where the ratio of one curve crosses 1, so the order of the two changes.

    Args:
        curve: The rows that `means_of_pair` returns of one curve, in rising order.

    Returns:
        `epsilon` and `sharpness` (percent) of each crossing, interpolated linearly in
        logarithms; no row if the order stays.
    """
    known = curve.dropna(subset="ratio_mean")
    x = np.log(known.index.get_level_values("epsilon").to_numpy())
    above = np.log(known["ratio_mean"].to_numpy())
    (last,) = np.nonzero((above[:-1] > 0) != (above[1:] > 0))
    share = above[last] / (above[last] - above[last + 1])

    def between(values):
        return np.exp(values[last] + share * (values[last + 1] - values[last]))

    sharpness = np.log(known["first_sharpness_mean"].to_numpy())
    return pd.DataFrame({"epsilon": between(x), "sharpness": between(sharpness)})
