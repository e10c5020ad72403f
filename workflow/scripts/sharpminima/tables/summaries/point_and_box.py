"""Two regimes by every measure: curvature at the point, and the rise in growing boxes.

Curvature says how the loss bends at the point itself. Metric 2.1 and the average-case
sharpness say how far it rises in a box around it. For one pair of minima they can tell
opposite stories.
"""

from collections.abc import Iterable, Sequence

import pandas as pd

from sharpminima.storage.rows import WHOLE
from sharpminima.tables.summaries.pairs import side_by_side

# Columns of a measure's rows, and what readers call them.
AT_POINT = {
    "largest_eigenvalue": "largest eigenvalue",
    "smallest_eigenvalue": "smallest eigenvalue",
    "trace": "trace",
}
AVERAGE, LARGEST = "average-case sharpness", "sharpness (Metric 2.1)"
KEYS = ["network", "dataset", "measure", "epsilon", "seed"]
# It says which kind of point this is. Its sign changes, so it has no ratio.
WITHOUT_RATIO = AT_POINT["smallest_eigenvalue"]


def side_by_side_of_seeds(
    curvatures: pd.DataFrame,
    averages: pd.DataFrame,
    curves: pd.DataFrame,
    pairs: Iterable[Sequence[str]],
) -> pd.DataFrame:
    """Return one row per pair of regimes, measure, epsilon and seed.

    Args:
        curvatures: Rows per run and layer, as the rule `measure_curvature` writes them.
        averages: One row per run and epsilon, as `measure_average_sharpness` does.
        curves: One row per run, space and epsilon, as `measure_curve` does.
        pairs: Two regimes each, such as `["SB", "LB"]`.

    Returns:
        `first` and `second`, the regimes; `measure`; `epsilon`, which a measure at the
        point has not; `first_value` and `second_value`; `ratio`, second over first,
        where both are above 0.
    """
    # Other rows are those of single layers.
    whole = curvatures[curvatures["layer"] == WHOLE]
    values = pd.concat(
        [
            *(
                whole.assign(measure=name, value=whole[column])
                for column, name in AT_POINT.items()
            ),
            averages.assign(measure=AVERAGE, value=averages["average_sharpness"]),
            curves[curves["space"] == "full"].assign(
                measure=LARGEST, value=lambda rows: rows["sharpness"]
            ),
        ],
        ignore_index=True,
    )
    tables = []
    for first, second in pairs:
        table = side_by_side(values, KEYS, first, second, "value")
        has_ratio = (table > 0).all(axis="columns")
        has_ratio &= table.index.get_level_values("measure") != WITHOUT_RATIO
        ratio = (table["second_value"] / table["first_value"]).where(has_ratio)
        table = table.assign(first=first, second=second, ratio=ratio)
        tables.append(table.reset_index())
    return pd.concat(tables, ignore_index=True)
