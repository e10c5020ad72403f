"""When large batches train faster: the performance model of appendix C.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix C, as this project knows it (its
text was not at hand): I_s and I_l are the iterations of SB and LB to comparable test
accuracy, B_s and B_l their batch sizes, f_s(P) the parallel efficiency of SB on P
processors; LB is taken to use them perfectly. LB is faster if and only if

    I_l B_l / P < I_s B_s / (P f_s(P)), that is, I_l / I_s < B_s / (f_s(P) B_l).

Comparable is, here: SB's test accuracy at the end of its run, less a tolerance.
Iterations are counted to the end of the epoch that first reaches it, since test
accuracy is known after whole epochs only.
"""

import pandas as pd

from sharpminima.rows import DIVERGED

PAIR = ["network", "dataset", "first", "second", "seed"]
COLUMNS = [*PAIR, "status", "first_batch_size", "second_batch_size"]
COLUMNS += ["target_accuracy", "first_iterations", "second_iterations"]
COLUMNS += ["iterations_ratio", "bound", "break_even_efficiency"]
# Points of accuracy that are rounding.
ROUNDING = 1e-9
TIMES = ["first_seconds_per_update", "second_seconds_per_update", "seconds_ratio"]


def compare(
    histories: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    first: str,
    tolerance: float,
    parallel_efficiency: list[float],
) -> pd.DataFrame:
    """Return one row per run with a larger batch than that of `first`, seed by seed.

    Only runs of the same variant are compared: not the optimizers, nor remedies.

    Args:
        histories: Rows that `training.fit` yields, with the identity of their runs.
        outcomes: One row per run, as `training.outcome` describes it.
        first: The regime with small batches.
        tolerance: Points of test accuracy.
        parallel_efficiency: Values of f_s(P), above 0 and at most 1.

    Returns:
        Both batch sizes; `target_accuracy` (percent); I_s and I_l, missing where the
        target was never reached or a run diverged; `iterations_ratio`, I_l / I_s;
        `bound`, B_s / B_l, which that ratio must be below at f_s(P) = 1;
        `break_even_efficiency`, the f_s(P) below which LB pays; `pays_at_F` for each
        efficiency, yes or no; as measured on this machine, with the evaluation of the
        test set: seconds per update, and `seconds_ratio`, LB's time to the target over
        SB's.
    """
    epochs = dict(iter(histories.groupby(["network", "regime", "seed"])))
    rows = [_row(pair, epochs, tolerance) for pair in _pairs(outcomes, first)]
    table = pd.DataFrame(rows, columns=[*COLUMNS, *TIMES])
    for place, efficiency in enumerate(parallel_efficiency, len(COLUMNS)):
        table.insert(place, f"pays_at_{efficiency:g}", _pays(table, efficiency))
    return table


def _pairs(outcomes, first):
    """Return each run with a larger batch beside the run of `first` of its seed."""
    if "variant" not in outcomes:
        outcomes = outcomes.assign(variant="plain")
    keys = ["network", "dataset", "seed", "variant"]
    runs_of = outcomes[[*keys, "regime", "batch_size", "status"]]
    small = runs_of[runs_of["regime"] == first]
    pairs = small.merge(runs_of, on=keys, suffixes=("_first", "_second"))
    larger = pairs["batch_size_second"] > pairs["batch_size_first"]
    return pairs[larger].to_dict("records")


def _row(pair, epochs, tolerance):
    small, large = (
        epochs[pair["network"], pair[f"regime_{which}"], pair["seed"]]
        for which in ("first", "second")
    )
    target = small["test_accuracy"].iloc[-1] - tolerance
    sound = DIVERGED not in (pair["status_first"], pair["status_second"])
    to_target = [
        _until(run, target if sound else float("inf")) for run in (small, large)
    ]
    (first_iterations, first_seconds), (iterations, seconds) = to_target
    ratio = iterations / first_iterations
    bound = pair["batch_size_first"] / pair["batch_size_second"]
    return {
        **{name: pair[name] for name in ("network", "dataset", "seed")},
        "first": pair["regime_first"],
        "second": pair["regime_second"],
        "status": "ok" if sound else DIVERGED,
        "first_batch_size": pair["batch_size_first"],
        "second_batch_size": pair["batch_size_second"],
        "target_accuracy": target,
        "first_iterations": first_iterations,
        "second_iterations": iterations,
        "iterations_ratio": ratio,
        "bound": bound,
        "break_even_efficiency": bound / ratio,
        "first_seconds_per_update": _seconds_per_update(small),
        "second_seconds_per_update": _seconds_per_update(large),
        "seconds_ratio": seconds / first_seconds,
    }


def _until(epochs, target):
    """Return the updates and seconds until a target is first reached, or NaN."""
    reached = epochs["test_accuracy"].to_numpy() >= target - ROUNDING
    if not reached.any():
        return float("nan"), float("nan")
    at = reached.argmax()
    return epochs["updates"].iloc[at], epochs["seconds"].iloc[: at + 1].sum()


def _seconds_per_update(epochs):
    return epochs["seconds"].sum() / epochs["updates"].iloc[-1]


def _pays(table, efficiency):
    pays = table["iterations_ratio"] < table["bound"] / efficiency
    return pays.map({True: "yes", False: "no"}).where(table["iterations_ratio"].notna())
