"""When large batches train faster: the performance model of appendix C.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix C, as this project knows it (its
text was not at hand). I_s and I_l are the iterations of SB and LB to comparable test
accuracy, B_s and B_l their batch sizes. f_s(P) is the parallel efficiency of SB on P
processors; LB is taken to use them perfectly. LB is faster if and only if

    I_l B_l / P < I_s B_s / (P f_s(P)), that is, I_l / I_s < B_s / (f_s(P) B_l).

Comparable means here: SB's test accuracy at the end of its run, less a tolerance. Test
accuracy is known after whole epochs only, so iterations are counted to the end of the
first epoch that reaches it.
"""

import pandas as pd

from sharpminima.storage.rows import DIVERGED, PLAIN

PAIR = ["network", "dataset", "first", "second", "seed"]
COLUMNS = [*PAIR, "status", "first_batch_size", "second_batch_size"]
COLUMNS += ["target_accuracy", "first_iterations", "second_iterations"]
COLUMNS += ["iterations_ratio", "bound", "break_even_efficiency"]
TIMES = ["first_seconds_per_update", "second_seconds_per_update", "seconds_ratio"]
# Smaller differences, in points of accuracy, are rounding.
ROUNDING = 1e-9
NEVER = float("nan")


def tabulate(
    histories: pd.DataFrame,
    outcomes: pd.DataFrame,
    *,
    first: str,
    tolerance: float,
    parallel_efficiency: list[float],
) -> pd.DataFrame:
    """Return one row per run with a larger batch than the run of `first` has.

    Both runs have the same seed and the same variant: runs with other optimizers or
    with remedies are not compared.

    Args:
        histories: One row per epoch, as the rule `train` writes it.
        outcomes: One row per run, as the rule `train` writes it.
        first: The regime with small batches.
        tolerance: Points of test accuracy.
        parallel_efficiency: Values of f_s(P), above 0 and at most 1.

    Returns:
        Both batch sizes; `target_accuracy` (percent); I_s and I_l, missing where the
        target was never reached or a run diverged; `iterations_ratio`, I_l / I_s;
        `bound`, B_s / B_l, which that ratio must be below at f_s(P) = 1;
        `break_even_efficiency`, the f_s(P) below which LB pays; `pays_at_F` for each
        efficiency, yes or no; seconds per update as measured on this machine, with the
        evaluation of the test set; `seconds_ratio`, LB's time to the target over SB's.
    """
    epochs = dict(iter(histories.groupby(["network", "regime", "seed"])))
    rows = [_row(pair, epochs, tolerance) for pair in _pairs(outcomes, first)]
    table = pd.DataFrame(rows, columns=[*COLUMNS, *TIMES])
    # LB pays where I_l / I_s < B_s / (f_s(P) B_l). Without a ratio there is no answer.
    known = table["iterations_ratio"].notna()
    for place, efficiency in enumerate(parallel_efficiency, len(COLUMNS)):
        pays = table["iterations_ratio"] < table["bound"] / efficiency
        answers = pays.map({True: "yes", False: "no"}).where(known)
        table.insert(place, f"pays_at_{efficiency:g}", answers)
    return table


def _pairs(outcomes, first):
    """Return each run with a larger batch beside the run of `first` with its seed."""
    if "variant" not in outcomes:
        outcomes = outcomes.assign(variant=PLAIN)
    keys = ["network", "dataset", "seed", "variant"]
    runs = outcomes[[*keys, "regime", "batch_size", "status"]]
    small = runs[runs["regime"] == first]
    pairs = small.merge(runs, on=keys, suffixes=("_first", "_second"))
    larger = pairs["batch_size_second"] > pairs["batch_size_first"]
    return pairs[larger].to_dict("records")


def _row(pair, epochs, tolerance):
    """Return the row of one pair of runs.

    Args:
        pair: Identity, regimes, batch sizes and statuses of both runs.
        epochs: The history of each run, by network, regime and seed.
        tolerance: Points of test accuracy.
    """
    network, seed = pair["network"], pair["seed"]
    small = epochs[network, pair["regime_first"], seed]
    large = epochs[network, pair["regime_second"], seed]

    # Iterations and seconds of both runs to comparable accuracy.
    target = small["test_accuracy"].iloc[-1] - tolerance
    if DIVERGED in (pair["status_first"], pair["status_second"]):
        status = DIVERGED
        small_iterations = small_seconds = large_iterations = large_seconds = NEVER
    else:
        status = "ok"
        small_iterations, small_seconds = _until(small, target)
        large_iterations, large_seconds = _until(large, target)

    # I_l / I_s < bound / f_s(P), so LB pays below f_s(P) = bound / (I_l / I_s).
    iterations_ratio = large_iterations / small_iterations
    bound = pair["batch_size_first"] / pair["batch_size_second"]
    return {
        "network": network,
        "dataset": pair["dataset"],
        "first": pair["regime_first"],
        "second": pair["regime_second"],
        "seed": seed,
        "status": status,
        "first_batch_size": pair["batch_size_first"],
        "second_batch_size": pair["batch_size_second"],
        "target_accuracy": target,
        "first_iterations": small_iterations,
        "second_iterations": large_iterations,
        "iterations_ratio": iterations_ratio,
        "bound": bound,
        "break_even_efficiency": bound / iterations_ratio,
        "first_seconds_per_update": _seconds_per_update(small),
        "second_seconds_per_update": _seconds_per_update(large),
        "seconds_ratio": large_seconds / small_seconds,
    }


def _until(epochs, target):
    """Return the updates and seconds until a target is first reached, or NaN."""
    reached = epochs["test_accuracy"].to_numpy() >= target - ROUNDING
    if not reached.any():
        return NEVER, NEVER
    # Updates count from the start of training, seconds from the start of the epoch.
    at = reached.argmax()
    return epochs["updates"].iloc[at], epochs["seconds"].iloc[: at + 1].sum()


def _seconds_per_update(epochs):
    return epochs["seconds"].sum() / epochs["updates"].iloc[-1]
