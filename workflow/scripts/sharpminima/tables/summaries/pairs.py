"""A measure of two regimes side by side."""

from collections.abc import Sequence

import pandas as pd


def side_by_side(
    values: pd.DataFrame,
    keys: Sequence[str],
    first: str,
    second: str,
    measure: str = "sharpness",
) -> pd.DataFrame:
    """Return a measure of two regimes, in one row for each of what both have.

    Args:
        values: The columns `keys`, `regime` and the measure, one row for each.
        keys: What tells the rows of a regime apart. They become the index.
        first: A regime.
        second: Another one.
        measure: The column of the measure.

    Returns:
        `first_MEASURE` and `second_MEASURE`.
    """
    regimes = (values[values["regime"] == each] for each in (first, second))
    # The inner join keeps the seeds that have both regimes.
    return pd.concat(
        [of_regime.set_index(keys)[measure] for of_regime in regimes],
        axis=1,
        join="inner",
        keys=[f"first_{measure}", f"second_{measure}"],
    )
