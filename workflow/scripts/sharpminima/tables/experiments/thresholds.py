"""The batch size beyond which test accuracy falls and sharpness levels off (Figure 4).

Source: Keskar et al. 2017 (arXiv:1609.04836), Figure 4. The paper reads thresholds off
its plots, about 500 for C1 and 15,000 for F2, and states no method. The method here:

1. Fit two segments that meet, in log2(batch size), to all runs by least squares. Try
   breaks at every sixteenth of a doubling, with two batch sizes or more on each side.
2. Keep only the paper's shape. Test accuracy is flat before the break and falls after
   it. The logarithm of sharpness rises before the break, and rises less or falls after.
3. Report the best break as a threshold only if the broken line has a corrected AIC
   (Hurvich and Tsai 1989) that is lower by `MARGIN` than the AICs of a constant and of
   a straight line.
4. Take the interval from a percentile bootstrap over the seeds. With few seeds the
   interval is too narrow.
"""

import numpy as np
import pandas as pd

from sharpminima import streams
from sharpminima.tables.summaries import trends

COLUMNS = ["network", "dataset", "measure", "threshold", "low", "high"]
COLUMNS += ["drop_per_doubling", "runs", "note"]
# The parameters of the broken line: its coefficients, and the break itself.
PARAMETERS = {"test_accuracy": 3, "sharpness": 4}
LEAST_SIZES, LEAST_SEEDS = 4, 2
STEPS_PER_DOUBLING = 16
# A search for the best break finds one in pure noise more often than AIC accounts for.
# This margin makes up for it.
MARGIN = 4.0
RESAMPLES, PERCENTILES = 999, (2.5, 97.5)
# Residuals below this, in points or log10, are rounding.
ROUNDING = 1e-6


def tabulate(sweep_runs: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and measure: the threshold, or why there is none.

    Args:
        sweep_runs: One row per run: `network`, `dataset`, `batch_size`, `seed`,
            `status`, `test_accuracy` (percent), `sharpness` (percent).

    Returns:
        `threshold` with the bounds `low` and `high` of its 95 % interval (examples per
        update); `drop_per_doubling`, by how much the trend falls at the threshold
        (points of accuracy, or log10 of sharpness, per doubling of the batch size);
        `runs`, how many did not diverge; `note`, how the row came about.
    """
    rows = []
    for (network, dataset), group in sweep_runs.groupby(
        ["network", "dataset"], sort=False
    ):
        for measure in PARAMETERS:
            values = trends.by_size(group, measure)
            row = {"network": network, "dataset": dataset, "measure": measure}
            row["runs"] = int(values.count().sum())
            sizes, runs = values.shape[1], row["runs"]
            # The corrected AIC divides by runs - parameters - 2.
            needed = PARAMETERS[measure] + 3
            if sizes < LEAST_SIZES:
                row["note"] = f"needs {LEAST_SIZES} batch sizes. Received: {sizes}"
            elif runs < needed:
                row["note"] = f"needs {needed} runs. Received: {runs}"
            else:
                row |= _estimate(values, network, measure)
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _estimate(values, network, measure):
    """Return the columns about the threshold of one network and measure."""
    seeds = len(values)
    x, y = values.columns.to_numpy(), values.to_numpy()
    found = _broken_line(x, y, measure)
    if not (found and _fits_better(values, found["squares"], measure)):
        return {
            "note": "no threshold: a broken line fits no better than a straight one"
        }
    row = {"threshold": 2.0 ** found["break"], "drop_per_doubling": found["drop"]}
    method = "two segments in log2(batch size)"
    if seeds < LEAST_SEEDS:
        return {**row, "note": f"{method}; no interval: one seed"}
    # Bootstrap: draw the seeds with replacement, and keep the breaks that are found.
    rng = streams.generator("threshold", network, measure)
    draws = (rng.integers(0, seeds, seeds) for _ in range(RESAMPLES))
    lines = (_broken_line(x, y[drawn], measure) for drawn in draws)
    breaks = [line["break"] for line in lines if line]
    row["low"], row["high"] = 2.0 ** np.percentile(breaks or [np.nan], PERCENTILES)
    share = f"{len(breaks)} of {RESAMPLES} samples have a threshold"
    return {**row, "note": f"{method}; bootstrap over {seeds} seeds: {share}"}


def _broken_line(x, y, measure):
    """Return the broken line of the paper's shape that fits best.

    Args:
        x: log2 of the batch sizes, ascending, shape `(sizes,)`.
        y: The values, shape `(seeds, sizes)`, NaN where there is none.
        measure: `test_accuracy` or `sharpness`.

    Returns:
        `break` (log2 of a batch size), `drop` (of the trend, per doubling) and
        `squares` (the sum over all values); or None if no line has the shape.
    """
    # A bootstrap sample may lack batch sizes that only other seeds have.
    counts = np.isfinite(y).sum(axis=0)
    present = counts > 0
    if present.sum() < LEAST_SIZES:
        return None
    x, y, counts = x[present], y[:, present], counts[present]

    # All values of one batch size have one x. So least squares over all values equals
    # least squares over the means, each weighted by how many values it stands for: the
    # sums of squares differ by the scatter around the means, the same for every line.
    means = np.nanmean(y, axis=0)
    scatter = np.nansum((y - means) ** 2)

    # Try all breaks at once, from the second batch size to the last but one. For each,
    # A is its design and W the weights; the coefficients c solve the normal equations
    # (A' W A) c = A' W m for the means m.
    steps = int(np.ceil((x[-2] - x[1]) * STEPS_PER_DOUBLING))
    breaks = np.linspace(x[1], x[-2], steps + 1)
    designs = _designs(x, breaks, measure)  # (breaks, sizes, coefficients)
    weighted = np.swapaxes(designs * counts[:, None], 1, 2)  # A' W
    coefficients = np.linalg.solve(weighted @ designs, (weighted @ means)[..., None])
    residuals = means - (designs @ coefficients)[..., 0]  # (breaks, sizes)
    squares = (counts * residuals**2).sum(axis=1)

    # In the paper's shape all coefficients but the constant are positive.
    has_shape = (coefficients[:, 1:, 0] > 0).all(axis=1)
    if not has_shape.any():
        return None
    best = int(np.argmin(np.where(has_shape, squares, np.inf)))
    return {
        "break": breaks[best],
        "drop": coefficients[best, -1, 0],
        "squares": squares[best] + scatter,
    }


def _designs(x, breaks, measure):
    """Return one design matrix per break, shape `(breaks, sizes, coefficients)`.

    The columns are a constant, for sharpness the trend before the break, and the drop
    of the trend at the break.
    """
    beyond = trends.beyond(x, breaks[:, None])
    ones, line = np.ones_like(beyond), np.broadcast_to(x - x[0], beyond.shape)
    columns = {"test_accuracy": [ones], "sharpness": [ones, line]}[measure]
    return np.stack([*columns, -beyond], axis=-1)


def _fits_better(values, squares, measure):
    """Tell whether a broken line beats a constant and a straight line by `MARGIN`."""
    y, x = trends.points(values)
    constant, ones = np.ones((len(x), 1)), np.ones_like(x)
    criteria = []
    for design in (constant, np.column_stack([ones, x])):
        residuals = y - design @ np.linalg.lstsq(design, y)[0]
        criteria.append(_aicc((residuals**2).sum(), design.shape[1], len(y)))
    return _aicc(squares, PARAMETERS[measure], len(y)) < min(criteria) - MARGIN


def _aicc(squares, parameters, points):
    """Return the corrected AIC of a fit with normal residuals.

    Source: Hurvich and Tsai 1989. The variance of the residuals is a parameter, too.
    """
    k = parameters + 1
    variance = max(squares / points, ROUNDING**2)
    return points * np.log(variance) + 2.0 * k + 2.0 * k * (k + 1) / (points - k - 1)
