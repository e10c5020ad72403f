"""The paper's claims, each a rule over the tables of a study; no verdict by hand.

Source: Keskar et al. 2017 (arXiv:1609.04836); appendix E as this project knows it (its
text was not at hand). Each claim has a function in `effects` that turns tables into
effects, which are positive if the claim holds. `verdicts` judges them, in the same way
for all claims.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from sharpminima.claims import effects
from sharpminima.claims.effects import Pair, Tables
from sharpminima.claims.verdicts import judge

# As log10. In Tables 3 and 4, LB is 8.7 to 224 times as sharp as SB.
TWICE = float(np.log10(2.0))
# Nats. The eye sees this much in Figure 3, where barriers are 0.8 to 9 nats high.
VISIBLE = 0.01
# A third of what C1 loses per doubling from its threshold, about 500, to LB's 5000
# (Tables 2 and 3): 2.8 points of accuracy, and the slope of sharpness from SB to LB.
FALL, REDUCED = 0.3, 0.1


@dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes:
        name: Its name in the table.
        statement: The claim in words.
        source: Where the paper makes it.
        needs: Names of the tables that it reads.
        effects: Returns its effects (see `sharpminima.claims.effects`).
        unit: The unit of the effects.
        bound: What the mean effect must exceed.
    """

    name: str
    statement: str
    source: str
    needs: tuple[str, ...]
    effects: Callable[[Tables, Pair], pd.DataFrame]
    unit: str
    bound: float = 0.0


CLAIMS = (
    # The gap is one of generalisation: LB trains as well and tests worse.
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
    # Metric 2.1 at the last iterates, in the full space and in random subspaces.
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
    # Where the two minima lie, and the loss between them.
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
    # The batch size from which the gap opens.
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
    # Whether some epochs of SB lead LB to a flat minimum.
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
    # Appendix E: remedies help LB at most in accuracy, and its minima stay sharp.
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
        tables: The tables that the study has (see `sharpminima.claims.effects`).
        networks: The networks of the study.
        pair: The regimes that are SB and LB.

    Returns:
        What the claim is, what `judge` says of it, and `diverged`: how many seeds are
        left out because a run diverged.
    """
    rows = []
    for claim in CLAIMS:
        if all(name in tables for name in claim.needs):
            found = claim.effects(tables, pair)
        else:
            # The study lacks a table, so that `judge` says `not studied`.
            found = pd.DataFrame(columns=effects.COLUMNS)
        for network in networks:
            there = found[found["network"] == network]
            # Seeds with a diverged run are counted, but they are no evidence.
            lost = there["diverged"].astype(bool)
            values = there[~lost].set_index("seed")["effect"].astype(float)
            judged = judge(values, claim.bound)
            row = {
                "claim": claim.name,
                "statement": claim.statement,
                "source": claim.source,
                "network": network,
                "effect": judged.pop("effect"),
                "unit": claim.unit,
                **judged,
                "diverged": there.loc[lost, "seed"].nunique(),
            }
            rows.append(row)
    return pd.DataFrame(rows)
