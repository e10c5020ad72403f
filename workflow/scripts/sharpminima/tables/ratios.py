"""How much sharper one regime's minima are than another's, seed by seed."""

from collections.abc import Iterable, Sequence

import pandas as pd

from sharpminima.tables.summaries.averages import with_versions
from sharpminima.tables.summaries.pairs import side_by_side
from sharpminima.tables.summaries.searches import CELL, sharpness_of_runs

KEYS = ["network", "dataset", *CELL, "seed"]


def tabulate(
    measurements: pd.DataFrame, pairs: Iterable[Sequence[str]]
) -> pd.DataFrame:
    """Return one row per pair of runs of one seed, space and epsilon.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        pairs: Two regimes each, such as `["SB", "LB"]`.

    Returns:
        `first_sharpness`, `second_sharpness` (percent) and `ratio`, second over first.
        The ratio is missing where one of the runs diverged.
    """
    values = sharpness_of_runs(measurements)
    tables = []
    for first, second in pairs:
        table = side_by_side(values, KEYS, first, second)
        ratio = table["second_sharpness"] / table["first_sharpness"]
        tables.append(table.assign(ratio=ratio, first=first, second=second))
    table = pd.concat(tables)
    table = with_versions(table, measurements, KEYS).reset_index()
    return table[["first", "second", *table.columns.drop(["first", "second"])]]
