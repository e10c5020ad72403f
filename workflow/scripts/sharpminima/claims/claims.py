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
from sharpminima.claims.verdicts import NOT_JUDGED, NOT_STUDIED, judge
from sharpminima.storage.rows import UNCONVERGED

# The paper states no bounds. These are ours, and lie well below the paper's own values.
# As log10. In Tables 3 and 4, LB is 8.7 to 224 times as sharp as SB.
TWICE = float(np.log10(2.0))
# Nats. The eye sees this much in Figure 3, where barriers are 0.8 to 9 nats high.
VISIBLE = 0.01
# Points per doubling of the batch size. C1 loses 2.8 points (Table 2) from its
# threshold, about 500, to LB's 5000. That is 0.84 per doubling, and a third is enough.
FALL = 0.3
# log10 per doubling. C1 gets 25 times as sharp (Table 3) from SB's 256 to LB's 5000.
# That is 0.32 per doubling, and the trend must drop by a third of it.
REDUCED = 0.1


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
        of_minima: Whether it is about minima, which training must have reached. The
            others are about runs of so many epochs.
    """

    name: str
    statement: str
    source: str
    needs: tuple[str, ...]
    effects: Callable[[Tables, Pair], pd.DataFrame]
    unit: str
    bound: float = 0.0
    of_minima: bool = True


CLAIMS = (
    # The gap is one of generalisation: LB trains as well and tests worse.
    Claim(
        "lb-tests-worse",
        "LB tests worse than SB",
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
        f"points, LB minus SB plus {effects.DEFICIT:g}",
    ),
    # Metric 2.1 at the last iterates, in the full space and in random subspaces.
    Claim(
        "lb-sharper",
        "LB's minima are at least twice as sharp as SB's",
        "Table 3",
        ("measurements",),
        partial(effects.sharpness_ratio, space="full"),
        "log10 of the ratio",
        TWICE,
    ),
    Claim(
        "lb-sharper-in-subspaces",
        "In random subspaces, LB's minima are at least twice as sharp as SB's",
        "Table 4",
        ("measurements",),
        partial(effects.sharpness_ratio, space="subspace"),
        "log10 of the ratio",
        TWICE,
    ),
    # Where the two minima lie, and the loss between them.
    Claim(
        "barrier",
        "On the straight line between the two minima, the loss rises above both",
        "Figure 3",
        ("interpolation",),
        effects.barrier,
        "nats per example",
        VISIBLE,
    ),
    Claim(
        "lb-steeper",
        "On the line through both minima, the loss rises faster around LB's than SB's",
        "Figure 3",
        ("interpolation",),
        effects.steepness,
        "nats per example",
        VISIBLE,
    ),
    Claim(
        "distance-ratio",
        "SB ends {:g} to {:g} times as far from x0 as LB".format(
            *effects.DISTANCE_RATIO
        ),
        "section 2, as recalled",
        ("distances",),
        effects.distance_ratio,
        "log10 of the ratio, from the nearer end of the range",
    ),
    # The batch size from which the gap opens.
    Claim(
        "accuracy-threshold",
        "Beyond a threshold of the batch size, test accuracy falls faster",
        "Figure 4",
        ("sweep_runs", "thresholds"),
        effects.accuracy_beyond_threshold,
        "points per doubling",
        FALL,
        of_minima=False,
    ),
    Claim(
        "sharpness-threshold",
        "Sharpness rises with the batch size, and rises less beyond a threshold",
        "Figure 4",
        ("sweep_runs", "thresholds"),
        effects.sharpness_beyond_threshold,
        "log10 per doubling",
        REDUCED,
        of_minima=False,
    ),
    # Whether some epochs of SB lead LB to a flat minimum.
    Claim(
        "warm-start-accuracy",
        "LB tests better when it starts after more epochs of SB",
        "Figure 5",
        ("warm_start_runs",),
        effects.accuracy_after_warm_start,
        "points, late starts minus early ones",
        of_minima=False,
    ),
    Claim(
        "warm-start-sharpness",
        "LB's minima are less sharp when it starts after more epochs of SB",
        "Figure 5",
        ("warm_start_runs",),
        effects.sharpness_after_warm_start,
        "log10 of the ratio, early starts over late ones",
        of_minima=False,
    ),
    Claim(
        "lb-sharpens",
        "LB gets sharper as its loss falls",
        "Figure 6",
        ("trajectory",),
        effects.large_gets_sharper,
        "rank correlation of sharpness and loss, times -1",
        of_minima=False,
    ),
    Claim(
        "sb-does-not-sharpen",
        "SB does not get sharper as its loss falls",
        "Figure 6",
        ("trajectory",),
        effects.small_gets_flatter,
        "rank correlation of sharpness and loss",
        of_minima=False,
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
        "With data augmentation, LB's minima are still at least twice as sharp as SB's",
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
        "Trained conservatively, LB's minima are still at least twice as sharp as SB's",
        "Table 7",
        ("runs", "measurements"),
        partial(effects.remaining_sharpness, remedy="conservative"),
        "log10 of the ratio",
        TWICE,
    ),
    Claim(
        "adversarial-does-not-help",
        f"Adversarial training removes less than {effects.GAIN:g} % of LB's test error",
        "appendix E.3",
        ("runs",),
        partial(effects.missing_gain, remedy="adversarial"),
        f"{effects.GAIN:g} minus the % of LB's test error that is removed",
    ),
    Claim(
        "stability-does-not-help",
        f"Stability training removes less than {effects.GAIN:g} % of LB's test error",
        "appendix E.3",
        ("runs",),
        partial(effects.missing_gain, remedy="stability"),
        f"{effects.GAIN:g} minus the % of LB's test error that is removed",
    ),
)


def tabulate(tables: Tables, networks: Iterable[str], pair: Pair) -> pd.DataFrame:
    """Return one row per claim and network.

    Args:
        tables: The tables that the study has (see `sharpminima.claims.effects`).
        networks: The networks of the study.
        pair: The regimes that are SB and LB.

    Returns:
        What the claim is, what `judge` says of it, `diverged`: how many seeds are left
        out because a run diverged, and `unconverged`: how many runs of SB and LB ended
        while the loss was still falling. With any of these a claim about minima is `not
        judged`.
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
            unconverged = _unconverged(tables, network, pair)
            if claim.of_minima and unconverged and judged["verdict"] != NOT_STUDIED:
                judged["verdict"] = NOT_JUDGED
            row = {
                "claim": claim.name,
                "statement": claim.statement,
                "source": claim.source,
                "network": network,
                "effect": judged.pop("effect"),
                "unit": claim.unit,
                **judged,
                "diverged": there.loc[lost, "seed"].nunique(),
                "unconverged": unconverged if claim.of_minima else 0,
            }
            rows.append(row)
    return pd.DataFrame(rows)


def _unconverged(tables, network, pair):
    """Return how many runs of the pair ended before the loss ceased to improve."""
    if "runs" not in tables:
        return 0
    runs = tables["runs"]
    of_pair = (runs["network"] == network) & runs["regime"].isin(pair)
    return int((runs.loc[of_pair, "status"] == UNCONVERGED).sum())
