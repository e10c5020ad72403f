"""Which of two minima is sharper: curvature at the point, and the rise in boxes."""

from collections.abc import Iterable, Sequence

import pandas as pd

from sharpminima.tables.summaries.averages import geometric, interval, with_versions
from sharpminima.tables.summaries.point_and_box import (
    WITHOUT_RATIO,
    side_by_side_of_seeds,
)

CELL = ["network", "dataset", "first", "second", "measure", "epsilon"]


def tabulate(
    curvatures: pd.DataFrame,
    averages: pd.DataFrame,
    curves: pd.DataFrame,
    pairs: Iterable[Sequence[str]],
) -> pd.DataFrame:
    """Return one row per network, pair of regimes, measure and epsilon.

    Args:
        curvatures: See `side_by_side_of_seeds`, like the following ones.
        averages: Rows of the average case.
        curves: Rows of Metric 2.1.
        pairs: Two regimes each, such as `["SB", "LB"]`.

    Returns:
        `seeds`, how many have both values; `first_value` and `second_value`, geometric
        means with their 95 % intervals (arithmetic ones for the smallest eigenvalue,
        whose sign changes), in percent where the row has an epsilon; `ratio`, the
        geometric mean of second over first; `ratio_of_each_seed`; and `sharper`, the
        regime that is sharper for every seed, or `depends on the seed`.
    """
    rows = side_by_side_of_seeds(curvatures, averages, curves, pairs)
    # Runs that diverged have no value: they need no status of their own.
    rows = rows.assign(status="ok").dropna(subset=["first_value", "second_value"])
    # Measures at the point share the epsilon 0: a group needs a value.
    rows["epsilon"] = rows["epsilon"].fillna(0.0)
    groups = rows.groupby(CELL, sort=False)
    table = groups.size().to_frame("seeds")
    signed = rows["measure"] == WITHOUT_RATIO
    for value in ("first_value", "second_value"):
        means = [
            geometric(rows[~signed], CELL, value),
            interval(rows[signed], CELL, value),
        ]
        table = table.join(pd.concat(means))
    table = table.join(geometric(rows, CELL, "ratio"))
    table["ratio_of_each_seed"] = groups["ratio"].agg(_listed)
    table["sharper"] = [_sharper(of_cell) for _, of_cell in groups]
    measured = pd.concat([curvatures, averages, curves])
    table = with_versions(table, measured, ["network", "dataset"]).reset_index()
    return table.assign(epsilon=table["epsilon"].where(table["epsilon"] > 0))


def _listed(ratios):
    """Return the ratios of all seeds as one text."""
    return ", ".join(f"{ratio:.3g}" for ratio in ratios.dropna())


def _sharper(rows):
    """Return the regime that is sharper for every seed, if there is one."""
    ratios = rows["ratio"]
    # A value that is not above 0 has no ratio, and then the order of a seed is open.
    if ratios.isna().any():
        return None
    if (ratios > 1).all():
        return rows["second"].iloc[0]
    return rows["first"].iloc[0] if (ratios < 1).all() else "depends on the seed"
