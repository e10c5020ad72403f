"""The batch size beyond which test accuracy falls and sharpness levels off (Figure 4).

Source: Keskar et al. 2017 (arXiv:1609.04836), Figure 4, where thresholds are read off
the plots: about 500 for C1, 15,000 for F2. The paper states no method. Here:

Two segments that meet, in log2(batch size), are fitted to all runs by least squares.
The break is searched in sixteenths of a doubling, with two batch sizes or more on each
side of it. Test accuracy is flat before the break and falls after it; the logarithm of
sharpness rises before it, and after it rises less or falls. There is a threshold only
where the broken line has a corrected AIC (Hurvich and Tsai 1989) lower by `MARGIN` than
those of a constant and of a straight line. Its interval is the percentile bootstrap
over the seeds; with few of them it is too narrow.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sharpminima import streams
from sharpminima.rows import DIVERGED

COLUMNS = ["network", "dataset", "measure", "threshold", "low", "high"]
COLUMNS += ["drop_per_doubling", "runs", "note"]
# Of the broken line: its coefficients, and the break itself.
PARAMETERS = {"test_accuracy": 3, "sharpness": 4}
LEAST_SIZES, LEAST_SEEDS = 4, 2
STEPS_PER_DOUBLING = 16
# The break is searched for, which finds one in noise more often than AIC reckons with.
MARGIN = 4.0
RESAMPLES, PERCENTILES = 999, (2.5, 97.5)
# Residuals below this, in points or log10, are rounding.
ROUNDING = 1e-6


def estimate(sweep_runs: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and measure: the threshold, or why there is none.

    Args:
        sweep_runs: One row per run: `network`, `dataset`, `batch_size`, `seed`,
            `status`, `test_accuracy` (percent), `sharpness` (percent).

    Returns:
        `threshold` with the bounds `low` and `high` of its 95 % interval (examples per
        update); `drop_per_doubling`, by how much the slope is lower after it than
        before, for each doubling of the batch size (points of accuracy, log10 of
        sharpness); `runs`, without those that diverged; `note`, how the row came about.
    """
    rows = []
    for (network, dataset), group in sweep_runs.groupby(
        ["network", "dataset"], sort=False
    ):
        for measure in PARAMETERS:
            values = table(group, measure)
            row = {"network": network, "dataset": dataset, "measure": measure}
            row["runs"] = int(values.count().sum())
            row["note"] = _what_lacks(row["runs"], values, measure)
            if not row["note"]:
                row |= _estimate(values, network, measure)
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def table(sweep_runs: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return a measure of one network's runs: a row per seed, a column per log2(size).

    Sharpness is in log10, missing where it is zero. Runs that diverged are left out.
    """
    sound = sweep_runs[sweep_runs["status"] != DIVERGED]
    values = sound[measure]
    if measure == "sharpness":
        values = np.log10(values.where(values > 0))
    sizes = np.log2(sound["batch_size"])
    rows = pd.DataFrame({"seed": sound["seed"], "size": sizes, "value": values})
    return rows.dropna().pivot_table(index="seed", columns="size", values="value")


def slopes(values: pd.DataFrame, threshold: float) -> tuple[float, float]:
    """Return the slopes per doubling of the batch size before and after a threshold.

    Args:
        values: What `table` returns.
        threshold: Examples per update.

    Returns:
        Those of two segments that meet there, by least squares; NaN where the batch
        sizes do not determine them.
    """
    y, x = _points(values)
    design = np.column_stack([np.ones_like(x), x, _beyond(x, np.log2(threshold))])
    (_, before, change), _, rank, _ = np.linalg.lstsq(design, y)
    return (before, before + change) if rank == 3 else (np.nan, np.nan)


def middle(values: pd.DataFrame) -> float:
    """Return the batch size halfway, in doublings, between the smallest and largest."""
    return 2.0 ** ((values.columns.min() + values.columns.max()) / 2.0)


def _what_lacks(number, values, measure):
    """Return what there is too little of for an estimate, or nothing."""
    sizes, needed = values.shape[1], PARAMETERS[measure] + 3
    if sizes < LEAST_SIZES:
        return f"needs {LEAST_SIZES} batch sizes. Received: {sizes}"
    return f"needs {needed} runs. Received: {number}" if number < needed else ""


def _estimate(values, network, measure):
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
    breaks = list(_resampled(x, y, measure, network))
    row["low"], row["high"] = 2.0 ** np.percentile(breaks or [np.nan], PERCENTILES)
    share = f"{len(breaks)} of {RESAMPLES} samples have a threshold"
    return {**row, "note": f"{method}; bootstrap over {seeds} seeds: {share}"}


def _broken_line(x, y, measure):
    """Return break, drop of the slope and sum of squares of the best broken line.

    Only lines of the shape that the paper describes count; None if there is none.
    """
    counts = np.isfinite(y).sum(axis=0)
    present = counts > 0
    if present.sum() < LEAST_SIZES:
        return None
    x, y, counts = x[present], y[:, present], counts[present]
    means, breaks = np.nanmean(y, axis=0), _breaks(x)
    designs = _designs(x, breaks, measure)
    weighted = np.swapaxes(designs * counts[:, None], 1, 2)
    coefficients = np.linalg.solve(weighted @ designs, (weighted @ means)[..., None])
    residuals = means - (designs @ coefficients)[..., 0]
    squares = (counts * residuals**2).sum(axis=1)
    squares[~(coefficients[:, 1:, 0] > 0).all(axis=1)] = np.inf
    best = int(np.argmin(squares))
    if np.isinf(squares[best]):
        return None
    within = np.nansum((y - means) ** 2)
    drop = coefficients[best, -1, 0]
    return {"break": breaks[best], "drop": drop, "squares": squares[best] + within}


def _breaks(x):
    """Return the places to try: from the second batch size to the last but one."""
    steps = int(np.ceil((x[-2] - x[1]) * STEPS_PER_DOUBLING))
    return np.linspace(x[1], x[-2], steps + 1)


def _designs(x, breaks, measure):
    """Return one design matrix per break, shape `(breaks, sizes, coefficients)`.

    All coefficients but the first are positive in the paper's shape.
    """
    beyond = _beyond(x, breaks[:, None])
    ones, line = np.ones_like(beyond), np.broadcast_to(x - x[0], beyond.shape)
    columns = {"test_accuracy": [ones], "sharpness": [ones, line]}[measure]
    return np.stack([*columns, -beyond], axis=-1)


def _beyond(x, at):
    return np.maximum(x - at, 0.0)


def _fits_better(values, squares, measure):
    """Tell whether a broken line is better than a constant and a straight line."""
    y, x = _points(values)
    others = [np.ones((len(x), 1)), np.column_stack([np.ones_like(x), x])]
    simpler = min(_aicc(_squares(d, y), d.shape[1], len(y)) for d in others)
    return _aicc(squares, PARAMETERS[measure], len(y)) < simpler - MARGIN


def _squares(design, y):
    return ((y - design @ np.linalg.lstsq(design, y)[0]) ** 2).sum()


def _aicc(squares, parameters, points):
    """Return the corrected AIC of normal residuals, whose variance counts as well."""
    k = parameters + 1
    variance = max(squares / points, ROUNDING**2)
    return points * np.log(variance) + 2.0 * k + 2.0 * k * (k + 1) / (points - k - 1)


def _points(values):
    """Return the values of all runs, and the log2(batch size) of each."""
    y = values.to_numpy()
    x = np.broadcast_to(values.columns.to_numpy(), y.shape)
    known = np.isfinite(y)
    return y[known], x[known]


def _resampled(x, y, measure, network) -> Iterator[float]:
    """Yield the break of each bootstrap sample of the seeds that has one."""
    rng = streams.generator("threshold", network, measure)
    for _ in range(RESAMPLES):
        found = _broken_line(x, y[rng.integers(0, len(y), len(y))], measure)
        if found is not None:
            yield found["break"]
