"""Curves of sharpness against epsilon: means of two regimes, and where they cross."""

import numpy as np
import pandas as pd

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
        `first_sharpness` and `second_sharpness`, geometric means over the `seeds` that
        have both values above 0 (percent); `ratio`, second over first. The index is
        `POINT`.
    """
    both = side_by_side(rows, [*POINT, "seed"], first, second)
    # A seed counts with both values or not at all, so that the ratio compares pairs.
    logarithms = np.log(both.where((both > 0).all(axis="columns")))
    seeds = logarithms.groupby(POINT, sort=False)
    means = np.exp(seeds.mean())
    ratio = means["second_sharpness"] / means["first_sharpness"]
    return means.assign(ratio=ratio, seeds=seeds["first_sharpness"].count())


def crossings(curve: pd.DataFrame) -> pd.DataFrame:
    """Return where the ratio of one curve crosses 1, so the order of the two changes.

    Args:
        curve: The rows that `means_of_pair` returns of one curve, in rising order.

    Returns:
        `epsilon` and `sharpness` (percent) of each crossing, interpolated linearly in
        logarithms; no row if the order stays.
    """
    known = curve.dropna(subset="ratio")
    x = np.log(known.index.get_level_values("epsilon").to_numpy())
    above = np.log(known["ratio"].to_numpy())
    (last,) = np.nonzero((above[:-1] > 0) != (above[1:] > 0))
    share = above[last] / (above[last] - above[last + 1])

    def between(values):
        return np.exp(values[last] + share * (values[last + 1] - values[last]))

    sharpness = np.log(known["first_sharpness"].to_numpy())
    return pd.DataFrame({"epsilon": between(x), "sharpness": between(sharpness)})
