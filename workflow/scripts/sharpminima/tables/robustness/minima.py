"""Whether training ended at a minimum, as far as loss and gradient tell, run by run.

A minimum is stationary: its gradient is zero. No curvature is measured here, so the
table never says that a point is a minimum, only what speaks against it.
"""

from collections.abc import Iterable

import pandas as pd

from sharpminima.storage.rows import (
    AVERAGING,
    DIVERGED,
    IDENTITY,
    UNCONVERGED,
    departures,
)
from sharpminima.tables.summaries.averages import with_versions
from sharpminima.tables.summaries.parts import GRADIENT, MOST, parts_of_runs

RUN = list(IDENTITY)
OF_OUTCOME = ["batch_size", "status", "epochs", "train_loss"]
# The last epoch's loss counts as a spike above so many times the median before it.
SPIKE, EPOCHS_BEFORE = 1.25, 5
# The boxes of Metric 2.1. In others, which may be tiny, any rise may be slope.
BOXES = ["slope_share_full", "slope_share_subspace"]
# The epochs of a study that trains nothing, and measures what was trained elsewhere.
NO_EPOCHS = pd.DataFrame(columns=[*RUN, "epoch", "train_loss"], dtype=float)
NO_SIGN, UNKNOWN = "nearly stationary", "not known"


def tabulate(
    outcomes: pd.DataFrame, histories: pd.DataFrame, measurements: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per run.

    Args:
        outcomes: One row per run, as the rule `train` writes it.
        histories: One row per epoch of each run, as the rule `train` writes it; none
            of a run that was trained elsewhere.
        measurements: One row per search, as the rule `measure_sharpness` writes it.

    Returns:
        - `OF_OUTCOME`: what the run was and how it ended.
        - `GRADIENT`: the norms of the gradient there (nats per unit of x).
        - `slope_share_SPACE`: the share of the rise that the slope explains, in the
          smallest box of each space.
        - `last_over_median`: the loss of the last epoch over the median of the epochs
          before it; missing for a run of one epoch, for one that averages, and for
          one that was trained elsewhere.
        - `state`: what `state` says of the run.
    """
    parts = parts_of_runs(measurements)
    smallest = parts.sort_values("epsilon", kind="stable").drop_duplicates(
        [*RUN, "space"]
    )
    shares = smallest.pivot(index=RUN, columns="space", values="slope_share")
    by_epoch = histories.sort_values("epoch", kind="stable").groupby(RUN)["train_loss"]
    table = outcomes.set_index(RUN)[OF_OUTCOME]
    table = table.join(parts.drop_duplicates(RUN).set_index(RUN)[GRADIENT])
    table = table.join(shares.add_prefix("slope_share_"))
    # The history of a run that averages tells of weights that are not its last ones.
    variants = outcomes.set_index(RUN)["variant"]
    averages = variants.map(lambda variant: AVERAGING in departures(variant))
    over_median = by_epoch.agg(last_over_median).rename("last_over_median")
    table = table.join(over_median.mask(averages))
    boxes = table.columns.intersection(BOXES)
    known = zip(table["status"], table["last_over_median"], table[boxes].to_numpy())
    table["state"] = [state(*run) for run in known]
    return with_versions(table, measurements, RUN).reset_index()


def last_over_median(losses: pd.Series) -> float:
    """Return the last loss over the median of the few before it, NaN without any.

    Args:
        losses: The training loss of each epoch of a run, in their order.
    """
    return losses.iloc[-1] / losses.iloc[-1 - EPOCHS_BEFORE : -1].median()


def state(status: str, over_median: float, shares: Iterable[float]) -> str:
    """Return what speaks against a minimum, joined by semicolons.

    Args:
        status: How training ended.
        over_median: What `last_over_median` returns.
        shares: The shares of the rise that the slope explains, in some boxes.

    Returns:
        `diverged`; or `unconverged`, `loss spike` and `not stationary`, each if it is
        so; or `nearly stationary` if none is, and `not known` without any share.
    """
    if status == DIVERGED:
        return DIVERGED
    known = [share for share in shares if share == share]  # NaN differs from itself
    signs = {
        "unconverged": status == UNCONVERGED,
        "loss spike": over_median > SPIKE,
        "not stationary": any(share >= MOST for share in known),
    }
    without = NO_SIGN if known else UNKNOWN
    return "; ".join(sign for sign, there in signs.items() if there) or without
