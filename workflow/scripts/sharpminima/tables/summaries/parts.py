"""What a sharpness is made of: how much of the rise of the loss is slope, how much not.

A search moves x by d = A z and finds the rise f(x + d) - f(x). Three evaluations and
the gradient g at x take it apart:

    slope  g . d                               what a straight line explains
    odd    (f(x + d) - f(x - d)) / 2           slope, cubic and higher odd terms
    even   (f(x + d) + f(x - d)) / 2 - f(x)    curvature, quartic and higher even terms

Odd and even add up to the rise. At a minimum there is no slope, and in a quadratic bowl
all is even. A slope alone rises like epsilon, a quadratic bowl like epsilon^2.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sharpminima.storage.rows import CARRIED
from sharpminima.tables.summaries.searches import CELL, best_searches

PARTS = {"slope_share": "linear", "odd_share": "odd", "even_share": "even"}
GRADIENT = ["gradient_l1", "gradient_l2", "gradient_max"]
OF_SEARCH = ["sharpness", "loss_before", "loss_after", "dimensions"]
OF_SEARCH += [*PARTS.values(), *GRADIENT]
# From here on the slope explains most of a rise.
MOST = 0.5


def parts_of_runs(measurements: pd.DataFrame) -> pd.DataFrame:
    """Return one row per run, space and epsilon: its best search, taken apart.

    Several random subspaces of a run count together.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.

    Returns:
        What the rows of a run carry, `space`, `epsilon` and `sharpness` (percent); the
        shares of the rise (`PARTS`), missing where there is none; `slope_prediction`
        (percent); the norms of the gradient (`GRADIENT`, nats per unit of x).
    """
    # A study without subspaces, or whose runs all diverged, lacks some columns.
    columns = [*CARRIED, *CELL, *OF_SEARCH]
    best = best_searches(measurements).reindex(columns=columns)
    best = best.assign(
        rise=best["loss_after"] - best["loss_before"],
        slope_prediction=slope_prediction(best),
    )
    values = ["sharpness", "rise", *PARTS.values(), "slope_prediction", *GRADIENT]
    runs = best.groupby([*CARRIED, *CELL], sort=False)[values].mean().reset_index()
    shares = runs[[*PARTS.values()]].div(runs["rise"].where(runs["rise"] > 0), axis=0)
    # More digits are rounding of the losses. Adding 0 turns -0 into 0.
    runs[[*PARTS]] = shares.round(4) + 0.0
    return runs.drop(columns=["rise", *PARTS.values()])


def slope_prediction(searches: pd.DataFrame) -> pd.Series:
    """Return the sharpness that the slope alone gives in a random subspace (percent).

    The columns of A are standard normal, so each of the p entries of A^T g has the mean
    size sqrt(2 / pi) |g|_2. At a small A^+ x the half-widths of the box are epsilon.
    The largest g . A z in the box is then about epsilon p sqrt(2 / pi) |g|_2.

    Args:
        searches: One row per search, as the rule `measure_sharpness` writes it.

    Returns:
        One value per row, missing where the space is no random subspace.
    """
    size_of_entry = np.sqrt(2.0 / np.pi) * searches["gradient_l2"]
    rise = searches["epsilon"] * searches["dimensions"] * size_of_entry
    return 100.0 * rise / (1.0 + searches["loss_before"])


def exponents(
    values: pd.DataFrame, keys: Sequence[str], measure: str = "sharpness"
) -> pd.Series:
    """Return q of sharpness ~ epsilon^q, from each epsilon to the next smaller one.

    Args:
        values: One row per epsilon: `epsilon`, the sharpness and the columns `keys`.
        keys: The columns that one series of epsilons shares.
        measure: The column of the sharpness.

    Returns:
        One value per row: log(phi_1 / phi_2) / log(epsilon_1 / epsilon_2), missing at
        the smallest epsilon and beside a sharpness of 0.
    """
    sizes = values.sort_values("epsilon", ascending=False, kind="stable")
    measured = sizes[[measure, "epsilon"]]
    logs = np.log(measured.where(measured > 0))
    groups = [sizes[key] for key in keys]
    steps = logs - logs.groupby(groups, sort=False).shift(-1)
    return steps[measure] / steps["epsilon"]
