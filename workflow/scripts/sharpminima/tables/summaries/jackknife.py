"""Means over pairs of runs that share seeds, with intervals that know of it.

Pairs of runs are not independent: with six seeds, each run is in five pairs of its
regime. The seeds are the independent units, and the mean over the pairs is a
U-statistic. Its standard error is that of the jackknife over the seeds (Arvesen 1969,
Annals of Mathematical Statistics 40): leave out each seed in turn, with all of its
pairs. Where each pair has a seed of its own, this is the usual error of a mean.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sharpminima.tables.summaries.averages import half_width

SEEDS = ["first_seed", "second_seed"]


def over_seeds(pairs: pd.DataFrame, keys: Sequence[str], measure: str) -> pd.DataFrame:
    """Return the mean of a measure over pairs of runs, with its 95 % interval.

    Args:
        pairs: One row per pair, with the seeds of both runs, `first_seed` and
            `second_seed`. Those without a value do not count.
        keys: The columns that make a condition.
        measure: The column of the measure.

    Returns:
        A row per condition: `MEASURE_mean`, and the bounds `MEASURE_low` and
        `MEASURE_high` (Student's t, with a degree of freedom less than seeds). There is
        no interval where leaving out a seed leaves no pair: pairs of different seeds
        need three seeds.
    """
    known = pairs.dropna(subset=measure)
    rows = {
        key: _jackknife(of_key[measure].to_numpy(), of_key[SEEDS].to_numpy())
        for key, of_key in known.groupby(list(keys), sort=False)
    }
    names = [f"{measure}_{name}" for name in ("mean", "low", "high")]
    index = pd.MultiIndex.from_tuples(rows, names=keys)
    return pd.DataFrame(list(rows.values()), index=index, columns=names)


def _jackknife(values, seeds):
    """Return mean, low and high of `values`, shape `(pairs,)`."""
    mean, without = values.mean(), []
    for seed in np.unique(seeds):
        left = values[(seeds != seed).all(axis=1)]
        without.append(left.mean() if len(left) else np.nan)
    count = len(without)
    # The deviation that independent values would have, one for each seed.
    std = np.sqrt((count - 1) * np.sum((without - np.mean(without)) ** 2))
    half = half_width(std, count)
    return mean, mean - half, mean + half
