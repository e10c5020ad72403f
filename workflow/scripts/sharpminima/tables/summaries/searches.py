"""From searches to runs: how sharp each run's minimum is."""

import pandas as pd

from sharpminima.rows import CARRIED

CELL = ["space", "epsilon"]


def sharpness_of_runs(measurements: pd.DataFrame) -> pd.DataFrame:
    """Return one row per run, space and epsilon.

    Each search finds a lower bound of the sharpness, so the largest over the starts
    counts. Where a run was searched in several random subspaces, their mean counts.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.

    Returns:
        What the rows of a run carry, `space`, `epsilon` and `sharpness` (percent).
    """
    # Step 1: the largest over the starts. Searches in the full space have no seed of a
    # subspace; `dropna=False` keeps them.
    run = [*CARRIED, *CELL]
    draw = measurements.columns.intersection([*run, "subspace_seed"], sort=False)
    draws = measurements.groupby(list(draw), dropna=False, sort=False)
    largest = draws["sharpness"].max().reset_index()
    # Step 2: the mean over the subspaces.
    values = largest.groupby(run, sort=False)["sharpness"].mean()
    return values.reset_index()
