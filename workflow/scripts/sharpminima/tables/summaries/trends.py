"""Trends of a measure of the sweep: its change per doubling of the batch size.

The estimator of thresholds and the claims about them both read the sweep this way.
Knows nothing of how a threshold is found.
"""

import numpy as np
import pandas as pd

from sharpminima.storage.rows import DIVERGED


def by_size(sweep_runs: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return a measure of one network's runs: a row per seed, a column per log2(size).

    Args:
        sweep_runs: One row per run: `batch_size`, `seed`, `status` and the measure.
        measure: `test_accuracy`, in points, or `sharpness`, which becomes log10 of it.

    Returns:
        The values, NaN where a run diverged or its sharpness is zero.
    """
    sound = sweep_runs[sweep_runs["status"] != DIVERGED]
    values = sound[measure]
    if measure == "sharpness":
        # Sharpness spans decades, and 0 has no logarithm.
        values = np.log10(values.where(values > 0))
    sizes = np.log2(sound["batch_size"])
    rows = pd.DataFrame({"seed": sound["seed"], "size": sizes, "value": values})
    return rows.dropna().pivot_table(index="seed", columns="size", values="value")


def around(values: pd.DataFrame, threshold: float) -> tuple[float, float]:
    """Return the trends before and after a threshold.

    Least squares fits two segments that meet at the threshold.

    Args:
        values: What `by_size` returns.
        threshold: Examples per update.

    Returns:
        Both trends; NaN where the batch sizes do not determine them.
    """
    # value = a + before x + change max(x - log2(threshold), 0). If all sizes lie on one
    # side of the threshold, a column is redundant and the rank is below 3.
    y, x = points(values)
    design = np.column_stack([np.ones_like(x), x, beyond(x, np.log2(threshold))])
    (_, before, change), _, rank, _ = np.linalg.lstsq(design, y)
    return (before, before + change) if rank == 3 else (np.nan, np.nan)


def middle(values: pd.DataFrame) -> float:
    """Return the batch size halfway, in doublings, between the smallest and largest.

    Args:
        values: What `by_size` returns.
    """
    return 2.0 ** ((values.columns.min() + values.columns.max()) / 2.0)


def points(values: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of all runs, and the log2(batch size) of each.

    Args:
        values: What `by_size` returns.

    Returns:
        Both of shape `(N,)`, for the N values that are known.
    """
    y = values.to_numpy()
    x = np.broadcast_to(values.columns.to_numpy(), y.shape)
    known = np.isfinite(y)
    return y[known], x[known]


def beyond(x: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return how far each `x` lies beyond `at`, and 0 where it does not.

    Args:
        x: Any shape.
        at: A number, or a shape that broadcasts with that of `x`.
    """
    return np.maximum(x - at, 0.0)
