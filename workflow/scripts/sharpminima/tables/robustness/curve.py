"""Sharpness against epsilon: how fast it grows, and where the order changes."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from sharpminima.tables.summaries.averages import with_versions
from sharpminima.tables.summaries.curves import CURVE, POINT, crossings, means_of_pair


def tabulate(rows: pd.DataFrame, pairs: Iterable[Sequence[str]]) -> pd.DataFrame:
    """Return one row per network, pair of regimes, space and epsilon.

    Args:
        rows: One row per run, space and epsilon, as the rule `measure_curve` writes it.
        pairs: Two regimes each, such as `["SB", "LB"]`.

    Returns:
        What `means_of_pair` does; `first_exponent` and `second_exponent`, the slopes
        d log(sharpness) / d log(epsilon) there; `order_changes_at`, all epsilons at
        which the curve's ratio crosses 1, or `none`.
    """
    tables = []
    for first, second in pairs:
        means = means_of_pair(rows, first, second)
        for _, curve in means.groupby(CURVE, sort=False):
            tables.append(_with_slopes(curve).assign(first=first, second=second))
    table = with_versions(pd.concat(tables), rows, POINT).reset_index()
    return table[["first", "second", *table.columns.drop(["first", "second"])]]


def _with_slopes(curve):
    """Return one curve with both exponents, and where the order changes."""
    epsilons = np.log(curve.index.get_level_values("epsilon"))
    exponents = {
        f"{each}_exponent": np.gradient(
            np.log(curve[f"{each}_sharpness_mean"]), epsilons
        )
        for each in ("first", "second")
    }
    changes = [f"{epsilon:.3g}" for epsilon in crossings(curve)["epsilon"]]
    # Without any pair of values, nothing is known of their order.
    none = None if curve["ratio_mean"].isna().all() else "none"
    return curve.assign(**exponents, order_changes_at=", ".join(changes) or none)
