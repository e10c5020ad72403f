"""What effects say of a claim: a verdict, an interval of their mean, a p-value."""

import numpy as np
import pandas as pd
from scipy import stats

from sharpminima import streams
from sharpminima.tables.summaries.averages import half_width

REPRODUCED, CONTRADICTED = "reproduced", "contradicted"
UNDECIDED, NOT_STUDIED = "undecided", "not studied"
# What `claims` says of minima that training has not reached.
NOT_JUDGED = "not judged"
# Exact up to 16 seeds; beyond that, this many random patterns of signs.
RESAMPLES = 2**16
# Effects smaller than this, in any unit, are rounding and count as zero.
ROUNDING = 1e-9


def judge(values: pd.Series, bound: float) -> dict:
    """Return what the effects of a claim say of it.

    Args:
        values: The effects, positive where the claim holds, NaN where one cannot be
            computed. The index is the seed, which may have several effects.
        bound: What the mean must exceed, at least 0.

    Returns:
        - `effect`: the mean over the seeds of each seed's mean.
        - `low` and `high`: the bounds of its 95 % interval (Student's t), missing for a
          single seed.
        - `bound` and `seeds`, the number of seeds.
        - `verdict`: `reproduced` if every effect is positive and the mean exceeds the
          bound; `contradicted` if every effect is negative and the mean is below minus
          the bound; `not studied` if there are no effects; else `undecided`.
        - `p`: how likely a mean at least this far from zero is, if each seed's effect
          is as likely to be negative as positive.
        - `smallest_p`: the smallest p that this many seeds can have.
    """
    values = values.mask(values.abs() < ROUNDING, 0.0)
    # Effects of one seed come from the same runs, so a seed counts once.
    means = values.groupby(level=0).mean(skipna=False).to_numpy(float)
    mean = means.mean() if len(means) else np.nan
    low, high = _interval(means)
    # A mean may hide seeds that contradict each other, so every effect must agree.
    if values.empty:
        verdict = NOT_STUDIED
    elif (values > 0).all() and mean > bound:
        verdict = REPRODUCED
    elif (values < 0).all() and mean < -bound:
        verdict = CONTRADICTED
    else:
        verdict = UNDECIDED
    return {
        "effect": mean,
        "low": low,
        "high": high,
        "bound": bound,
        "seeds": len(means),
        "verdict": verdict,
        "p": _p(means),
        "smallest_p": _p(np.ones(len(means))),
    }


def _interval(means):
    """Return the bounds of the mean's 95 % interval, NaN for fewer than two means."""
    if len(means) < 2:
        return np.nan, np.nan
    half = half_width(means.std(ddof=1), len(means))
    return means.mean() - half, means.mean() + half


def _p(means):
    """Return how likely so large a mean, of either sign, is if all signs are chance."""
    if len(means) == 0 or np.isnan(means).any():
        return np.nan
    # SciPy wants two values. One value has two patterns of signs, both as extreme.
    if len(means) == 1:
        return 1.0
    return stats.permutation_test(
        (means,),
        np.mean,
        permutation_type="samples",
        n_resamples=RESAMPLES,
        rng=streams.generator("claims"),
    ).pvalue
