"""Curvature by regime, averaged over the runs."""

import pandas as pd

from sharpminima.storage.rows import WHOLE
from sharpminima.tables.summaries.averages import CONDITION, statistics, summarise

SIZES = ["largest_eigenvalue", "gauss_newton_eigenvalue", "trace", "frobenius_norm"]
SMALLEST, SHARE = "smallest_eigenvalue", "gauss_newton_share"


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and regime.

    Args:
        rows: One row per run and one per layer of it, as the rule `measure_curvature`
            writes them.

    Returns:
        Counts; mean and standard deviation of `gauss_newton_share`; the geometric means
        over the runs, with their 95 % intervals, of `SIZES` (nats per example and
        squared unit of x); `smallest_eigenvalue_min` and `..._max`; `no_minimum`, the
        number of runs with a negative eigenvalue that lies further from zero than its
        residual; `largest_relative_residual` of the runs' largest eigenvalues, and
        `largest_relative_error` of their traces (standard errors).
    """
    runs = rows[rows["layer"] == WHOLE]
    runs = runs.assign(
        no_minimum=runs[SMALLEST] < -runs["smallest_residual"],
        relative_residual=runs["largest_residual"] / runs["largest_eigenvalue"].abs(),
        relative_error=runs["trace_standard_error"] / runs["trace"].abs(),
    )
    table = summarise(runs, CONDITION, [SHARE], SIZES)
    groups = runs.groupby(CONDITION)
    largest = groups[["relative_residual", "relative_error"]].max()
    for columns in (
        statistics(runs, CONDITION, SMALLEST, ["min", "max"]),
        groups["no_minimum"].sum(),
        largest.add_prefix("largest_"),
    ):
        table = table.join(columns, on=CONDITION)
    return table
