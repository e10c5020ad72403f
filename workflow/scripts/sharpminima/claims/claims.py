"""The paper's claims, each a rule over the tables of a study; no verdict by hand.

Source: Keskar et al. 2017 (arXiv:1609.04836); appendix E as this project knows it (its
text was not at hand). Each claim has a function that turns tables into effects, which
are positive if the claim holds: one for each seed, or several, one for each epsilon
(see `effects`). `judge` makes the verdict of all of them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from sharpminima import streams
from sharpminima.claims import effects
from sharpminima.claims.effects import Pair, Tables

REPRODUCED, CONTRADICTED = "reproduced", "contradicted"
UNDECIDED, NOT_STUDIED = "undecided", "not studied"
CONFIDENCE = 0.95
# All patterns of signs of up to 16 seeds; of more, so many that are drawn.
RESAMPLES = 2**16
# Effects below this, in any unit, are none.
ROUNDING = 1e-9
TWICE = float(np.log10(2.0))
# Nats: what the eye sees in Figure 3, whose barriers have 0.8 to 9.
VISIBLE = 0.01
# A third of what C1 loses for each doubling from its threshold, about 500, to LB, 5000
# (Tables 2 and 3): 2.8 points of accuracy, and a slope of sharpness as from SB to LB.
FALL, REDUCED = 0.3, 0.1


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes:
        name: What it is called in the table.
        statement: In words.
        source: Where the paper makes it.
        needs: Names of the tables that it reads.
        effects: Returns its effects, see `sharpminima.claims.effects`.
        unit: Of the effects.
        bound: What their mean must exceed.
    """

    name: str
    statement: str
    source: str
    needs: tuple[str, ...]
    effects: Callable[[Tables, Pair], pd.DataFrame]
    unit: str
    bound: float = 0.0


CLAIMS = (
    Claim(
        "lb-tests-worse",
        "Large batches lose test accuracy",
        "Table 2",
        ("runs",),
        effects.lost_test_accuracy,
        "points",
    ),
    Claim(
        "lb-trains-as-well",
        f"LB's training accuracy is at most {effects.DEFICIT:g} points below SB's",
        "Table 2",
        ("runs",),
        effects.training_accuracy,
        f"points above SB's less {effects.DEFICIT:g}",
    ),
    Claim(
        "lb-sharper",
        "LB ends in sharper minima than SB, twice at least",
        "Table 3",
        ("measurements",),
        partial(effects.sharpness_ratio, space="full"),
        "log10 of the ratio",
        TWICE,
    ),
    Claim(
        "lb-sharper-in-subspaces",
        "LB's minima are sharper in random subspaces too, twice at least",
        "Table 4",
        ("measurements",),
        partial(effects.sharpness_ratio, space="subspace"),
        "log10 of the ratio",
        TWICE,
    ),
    Claim(
        "barrier",
        "On the straight line between the minima, the loss rises above both",
        "Figure 3",
        ("interpolation",),
        effects.barrier,
        "nats per example",
        VISIBLE,
    ),
    Claim(
        "lb-steeper",
        "On the straight line, the loss rises faster around LB than around SB",
        "Figure 3",
        ("interpolation",),
        effects.steepness,
        "nats per example",
        VISIBLE,
    ),
    Claim(
        "distance-ratio",
        "SB ends {:g} to {:g} times further from x0 than LB".format(
            *effects.DISTANCE_RATIO
        ),
        "section 2.2.3",
        ("distances",),
        effects.distance_ratio,
        "log10, to the nearer end of the range",
    ),
    Claim(
        "accuracy-threshold",
        "Test accuracy falls faster beyond a threshold of the batch size",
        "Figure 4",
        ("sweep_runs", "thresholds"),
        effects.accuracy_beyond_threshold,
        "points per doubling",
        FALL,
    ),
    Claim(
        "sharpness-threshold",
        "Sharpness rises up to a threshold of the batch size, and less beyond",
        "Figure 4",
        ("sweep_runs", "thresholds"),
        effects.sharpness_beyond_threshold,
        "log10 per doubling",
        REDUCED,
    ),
    Claim(
        "warm-start-accuracy",
        "LB tests better when it starts after more epochs of SB",
        "Figure 5",
        ("warm_start_runs",),
        effects.accuracy_after_warm_start,
        "points, late starts less early ones",
    ),
    Claim(
        "warm-start-sharpness",
        "LB's minima are less sharp when it starts after more epochs of SB",
        "Figure 5",
        ("warm_start_runs",),
        effects.sharpness_after_warm_start,
        "log10 of the ratio, early starts over late ones",
    ),
    Claim(
        "lb-sharpens",
        "LB gets sharper as its loss falls",
        "Figure 6",
        ("trajectory",),
        effects.large_gets_sharper,
        "rank correlation",
    ),
    Claim(
        "sb-does-not-sharpen",
        "SB does not get sharper as its loss falls",
        "Figure 6",
        ("trajectory",),
        effects.small_gets_flatter,
        "rank correlation, its sign changed",
    ),
    Claim(
        "augmentation-helps",
        "LB tests better with data augmentation",
        "Table 6",
        ("runs",),
        partial(effects.gained_test_accuracy, remedy="augmentation"),
        "points",
    ),
    Claim(
        "augmentation-stays-sharp",
        "LB's minima stay sharper than SB's with data augmentation, twice at least",
        "Table 6",
        ("runs", "measurements"),
        partial(effects.remaining_sharpness, remedy="augmentation"),
        "log10 of the ratio",
        TWICE,
    ),
    Claim(
        "conservative-helps",
        "LB tests better with conservative training",
        "Table 7",
        ("runs",),
        partial(effects.gained_test_accuracy, remedy="conservative"),
        "points",
    ),
    Claim(
        "conservative-stays-sharp",
        "LB's minima stay sharper than SB's with conservative training, twice at least",
        "Table 7",
        ("runs", "measurements"),
        partial(effects.remaining_sharpness, remedy="conservative"),
        "log10 of the ratio",
        TWICE,
    ),
    Claim(
        "adversarial-does-not-help",
        f"Adversarial training takes less than {effects.GAIN:g} % of LB's test error",
        "appendix E.3",
        ("runs",),
        partial(effects.missing_gain, remedy="adversarial"),
        f"% of the error, below {effects.GAIN:g}",
    ),
    Claim(
        "stability-does-not-help",
        f"Stability training takes less than {effects.GAIN:g} % of LB's test error",
        "appendix E.3",
        ("runs",),
        partial(effects.missing_gain, remedy="stability"),
        f"% of the error, below {effects.GAIN:g}",
    ),
)


def tabulate(tables: Tables, networks: Iterable[str], pair: Pair) -> pd.DataFrame:
    """Return one row per claim and network.

    Args:
        tables: Those that the study has, see `sharpminima.claims.effects`.
        networks: Of the study.
        pair: The regimes that are SB and LB.

    Returns:
        What the claim is, what `judge` says of it, and `diverged`: seeds that are left
        out because a run diverged.
    """
    rows = []
    for claim in CLAIMS:
        found = _effects(claim, tables, pair)
        for network in networks:
            rows.append(_row(claim, network, found[found["network"] == network]))
    return pd.DataFrame(rows)


def judge(values: pd.Series, bound: float) -> dict:
    """Return what effects, which a claim says are positive, say of the claim.

    Args:
        values: The effects, NaN where one cannot be computed; the index is the seed,
            which may have several.
        bound: What the mean over the seeds must exceed, at least 0.

    Returns:
        `effect`, the mean over the seeds of their means; `low` and `high`, the bounds
        of its 95 % interval (Student's t), missing for a single seed; `bound`; `seeds`;
        `verdict`: `reproduced` if every effect is positive and the mean exceeds the
        bound, `contradicted` if every one is negative and the mean is below minus the
        bound, `not studied` if there are none, or else `undecided`; `p`, two-sided, of
        the exact test that flips the signs of the seeds, and `smallest_p` that so many
        of them allow.
    """
    values = values.mask(values.abs() < ROUNDING, 0.0)
    means = values.groupby(level=0).mean(skipna=False).to_numpy(float)
    mean = means.mean() if len(means) else np.nan
    low, high = _interval(means)
    return {
        "effect": mean,
        "low": low,
        "high": high,
        "bound": bound,
        "seeds": len(means),
        "verdict": _verdict(values, mean, bound),
        "p": _p(means),
        "smallest_p": _p(np.ones(len(means))),
    }


def _verdict(values, mean, bound):
    if values.empty:
        return NOT_STUDIED
    if (values > 0).all() and mean > bound:
        return REPRODUCED
    if (values < 0).all() and mean < -bound:
        return CONTRADICTED
    return UNDECIDED


def _interval(means):
    """Return the bounds of the mean's 95 % interval, NaN for less than two means."""
    if len(means) < 2:
        return np.nan, np.nan
    quantile = stats.t.ppf((1.0 + CONFIDENCE) / 2.0, len(means) - 1)
    half = quantile * means.std(ddof=1) / np.sqrt(len(means))
    return means.mean() - half, means.mean() + half


def _p(means):
    """Return the two-sided p of a mean of zero, where each sign is as likely."""
    if len(means) == 0 or np.isnan(means).any():
        return np.nan
    # SciPy wants two, but the sign of one can only be flipped to the other.
    if len(means) == 1:
        return 1.0
    return stats.permutation_test(
        (means,),
        np.mean,
        permutation_type="samples",
        n_resamples=RESAMPLES,
        rng=streams.generator("claims"),
    ).pvalue


def _effects(claim, tables, pair):
    if all(name in tables for name in claim.needs):
        return claim.effects(tables, pair)
    return pd.DataFrame(columns=effects.COLUMNS)


def _row(claim, network, found):
    """Return the row of a claim on one network, from its effects there."""
    lost = found["diverged"].astype(bool)
    values = found[~lost].set_index("seed")["effect"].astype(float)
    judged = judge(values, claim.bound)
    return {
        "claim": claim.name,
        "statement": claim.statement,
        "source": claim.source,
        "network": network,
        "effect": judged.pop("effect"),
        "unit": claim.unit,
        **judged,
        "diverged": found.loc[lost, "seed"].nunique(),
    }
