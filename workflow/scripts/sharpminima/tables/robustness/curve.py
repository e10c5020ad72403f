"""Sharpness against epsilon: how fast it grows, and where the order changes."""

from collections.abc import Iterable, Sequence

import pandas as pd

from sharpminima.tables.summaries.averages import with_versions
from sharpminima.tables.summaries.curves import CURVE, POINT, crossings, means_of_pair
from sharpminima.tables.summaries.parts import exponents


def tabulate(rows: pd.DataFrame, pairs: Iterable[Sequence[str]]) -> pd.DataFrame:
    """Return one row per network, pair of regimes, space and epsilon.

    Args:
        rows: One row per run, space and epsilon, as the rule `measure_curve` writes it.
        pairs: Two regimes each, such as `["SB", "LB"]`.

    Returns:
        What `means_of_pair` does; `first_exponent` and `second_exponent`, which
        `exponents` finds for the means; `order_changes_at`, all epsilons at which the
        curve's ratio crosses 1, or `none`.
    """
    tables = []
    for first, second in pairs:
        means = _with_exponents(means_of_pair(rows, first, second))
        for _, curve in means.groupby(CURVE, sort=False):
            tables.append(_with_changes(curve).assign(first=first, second=second))
    table = with_versions(pd.concat(tables), rows, POINT).reset_index()
    return table[["first", "second", *table.columns.drop(["first", "second"])]]


def _with_exponents(means):
    """Return curves with the exponents of both regimes."""
    rows = means.reset_index()
    found = {
        f"{each}_exponent": exponents(rows, CURVE, f"{each}_sharpness_mean")
        for each in ("first", "second")
    }
    return rows.assign(**found).set_index(POINT)


def _with_changes(curve):
    """Return one curve with the epsilons at which the order changes."""
    changes = [f"{epsilon:.3g}" for epsilon in crossings(curve)["epsilon"]]
    # Without any pair of values, nothing is known of their order.
    none = None if curve["ratio_mean"].isna().all() else "none"
    return curve.assign(order_changes_at=", ".join(changes) or none)
