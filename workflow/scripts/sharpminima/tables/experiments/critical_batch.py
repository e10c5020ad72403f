"""The critical batch size: beyond it, larger batches hardly save updates.

Source: McCandlish et al. 2018 (arXiv:1812.06162), equation 2.11. To reach a given loss
with batches of B examples takes

    S(B) = S_min (1 + B_crit / B)

updates. Far below B_crit, twice the batch takes half the updates. Far beyond it,
nothing is saved. The source tunes the learning rate for each B. The sweep does not, so
what is fitted here is the critical batch size of its protocol. The method:

1. A run's history has the mean training loss of each epoch. It counts as the loss in
   the middle of the epoch. The updates to the target are interpolated between two
   middles, linearly in the logarithm of the loss. Where the loss falls by a factor e^k
   in an epoch, this is late by k / 24 epochs.
2. Fit log S(B) to all runs by least squares. For each B_crit the best S_min is known,
   so one number is searched.
3. The 95 % interval holds each B_crit whose sum of squares is not too large by the
   F-test of one parameter. Runs are taken as independent.
4. Where it has no end within four decades of the sweep, there is no value: the sweep
   cannot tell.
"""

import numpy as np
import pandas as pd
from scipy import optimize, special

from sharpminima.storage.rows import DIVERGED

COLUMNS = ["network", "dataset", "train_loss", "critical_batch", "low", "high"]
COLUMNS += ["least_updates", "scatter", "sizes", "runs", "note"]
RUN = ["network", "regime", "seed"]
LEAST_SIZES = 3
CONFIDENCE = 0.95
# How far beyond the sweep a critical batch is searched.
REACH = 1e4
STEPS_PER_DECADE = 16
# A smaller scatter, as a share of the updates, is rounding.
ROUNDING = 1e-6


def tabulate(
    outcomes: pd.DataFrame, histories: pd.DataFrame, train_loss: float
) -> pd.DataFrame:
    """Return one row per network: its critical batch size, or why there is none.

    Args:
        outcomes: One row per run of the sweep, as the rule `train` writes it.
        histories: One row per epoch of these runs, as the rule `train` writes it.
        train_loss: The target, nats per example.

    Returns:
        `critical_batch` with the bounds `low` and `high` of its 95 % interval (examples
        per update); `least_updates`, S_min; `scatter`, the standard deviation of the
        runs around the fit (percent of their updates); `sizes` and `runs`, how many
        reach the target after their first epoch; `note`, how the row came about.
    """
    epochs = dict(iter(histories.groupby(RUN)))
    taken = [
        np.nan
        if run.status == DIVERGED
        else updates_to(epochs[run.network, run.regime, run.seed], train_loss)
        for run in outcomes.itertuples()
    ]
    runs = outcomes.assign(taken=taken).reset_index(drop=True)
    # A size counts with all of its runs or not at all: those that reach the target
    # would be its lucky ones.
    reached = runs["taken"].notna().groupby([runs["network"], runs["batch_size"]])
    reaching = runs[reached.transform("all")]
    rows = []
    for identity in outcomes[["network", "dataset"]].drop_duplicates().itertuples():
        runs = reaching[reaching["network"] == identity.network]
        sizes = runs["batch_size"].nunique()
        row = {"network": identity.network, "dataset": identity.dataset}
        row |= {"train_loss": train_loss, "sizes": sizes, "runs": len(runs)}
        if sizes < LEAST_SIZES:
            needed = f"needs {LEAST_SIZES} batch sizes whose runs all reach the loss"
            needed += " after their first epoch"
            row["note"] = f"{needed}. Received: {sizes}"
        else:
            row |= _fitted(runs["batch_size"].to_numpy(), runs["taken"].to_numpy())
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def updates_to(history: pd.DataFrame, train_loss: float) -> float:
    """Return how many updates a run takes to a loss.

    NaN if it never gets there, or before the middle of its first epoch.

    Args:
        history: One row per epoch of the run, in order.
        train_loss: The target, nats per example.
    """
    ends, losses = (history[name].to_numpy() for name in ("updates", "train_loss"))
    middles = ends - np.diff(ends, prepend=0) / 2.0
    at = int(np.argmax(losses <= train_loss))
    if at == 0:
        return np.nan
    before, after = np.log(losses[at - 1]), np.log(losses[at])
    share = (before - np.log(train_loss)) / (before - after)
    return middles[at - 1] + share * (middles[at] - middles[at - 1])


def _fitted(sizes, taken):
    """Return the columns about the critical batch of one network.

    Args:
        sizes: The batch size of each run.
        taken: Its updates to the target.
    """
    updates, freedom = np.log(taken), len(taken) - 2

    def residuals(log_critical):
        # Step 2: the best log S_min is the mean of what the rest leaves.
        rest = updates - np.log1p(np.exp(log_critical) / sizes)
        return rest - rest.mean()

    def squares(log_critical):
        return max(residuals(log_critical) @ residuals(log_critical), least)

    least = len(taken) * ROUNDING**2
    first, last = np.log(sizes.min() / REACH), np.log(sizes.max() * REACH)
    steps = round((last - first) / np.log(10.0) * STEPS_PER_DECADE)
    grid = np.linspace(first, last, steps)
    near = int(np.argmin([squares(point) for point in grid]))
    around = grid[max(near - 1, 0)], grid[min(near + 1, steps - 1)]
    best = optimize.minimize_scalar(squares, bounds=around, method="bounded").x
    # Step 3: a sum of squares up to here is not too large. F with one degree of freedom
    # is the square of Student's t.
    quantile = special.stdtrit(freedom, (1.0 + CONFIDENCE) / 2.0)
    most = squares(best) * (1.0 + quantile**2 / freedom)

    def end(far):
        if squares(far) <= most:
            return np.nan
        return float(np.exp(optimize.brentq(lambda p: squares(p) - most, best, far)))

    row = {"low": end(first), "high": end(last)}
    row["scatter"] = 100.0 * np.sqrt(squares(best) / freedom)
    open_ends = [side for side in ("low", "high") if np.isnan(row[side])]
    if not open_ends:
        rest = updates - np.log1p(np.exp(best) / sizes)
        row |= {"critical_batch": np.exp(best), "least_updates": np.exp(rest.mean())}
        return {**row, "note": "fit of S_min (1 + B_crit / B); interval by the F-test"}
    lie = {"low": "all its sizes may be larger", "high": "all its sizes may be smaller"}
    which = ", or ".join(lie[side] for side in open_ends)
    return {**row, "note": f"the sweep cannot tell: {which}"}
