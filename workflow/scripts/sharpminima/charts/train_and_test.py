"""Lines for the training set and the test set, for the charts that show both.

The training set is solid and the test set dashed, as in the paper's figures.
"""

from collections.abc import Sequence

import altair as alt
import pandas as pd

DASHES = {"train": [1, 0], "test": [5, 3]}
MEASURED = [f"{name}_{of}" for name in DASHES for of in ("loss", "accuracy")]


def tidy(rows: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return one row per key, `set` (train, test) and `measure` (loss, accuracy).

    Args:
        rows: Rows with the columns `SET_MEASURE`, such as `test_loss`.
        keys: The columns that identify a row.

    Returns:
        `keys`, `set`, `measure` and `value`, without missing values.
    """
    tidied = rows.melt(id_vars=keys, value_vars=MEASURED).dropna(subset="value")
    parts = tidied["variable"].astype(str).str.extract("(?P<set>.+)_(?P<measure>.+)")
    return tidied.drop(columns="variable").join(parts)


def by_set() -> alt.StrokeDash:
    """Return the dashes of the two sets, with a legend."""
    scale = alt.Scale(domain=list(DASHES), range=list(DASHES.values()))
    legend = alt.Legend(symbolStrokeColor="black")
    return alt.StrokeDash("set:N", title="set", scale=scale, legend=legend)
