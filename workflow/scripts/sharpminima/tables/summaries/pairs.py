"""The sharpness of two regimes side by side."""

from collections.abc import Sequence

import pandas as pd


def side_by_side(
    values: pd.DataFrame, keys: Sequence[str], first: str, second: str
) -> pd.DataFrame:
    """Return the sharpness of two regimes, in one row for each of what both have.

    Args:
        values: The columns `keys`, `regime` and `sharpness`, one row for each.
        keys: What tells the rows of a regime apart. They become the index.
        first: A regime.
        second: Another one.

    Returns:
        `first_sharpness` and `second_sharpness` (percent).
    """
    sharpness = values.set_index([*keys, "regime"])["sharpness"]
    # The inner join keeps the seeds that have both regimes.
    return pd.concat(
        [sharpness.xs(each, level="regime") for each in (first, second)],
        axis=1,
        join="inner",
        keys=["first_sharpness", "second_sharpness"],
    )
