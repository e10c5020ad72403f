"""From searches to runs: how sharp each run's minimum is."""

import pandas as pd

from sharpminima.storage.rows import CARRIED

CELL = ["space", "epsilon"]
PROTOCOL_OF_PAPER = {"maximiser": "lbfgsb", "start": "zero"}


def sharpness_of_runs(measurements: pd.DataFrame) -> pd.DataFrame:
    """Return one row per run, space and epsilon.

    Each search finds a lower bound of the sharpness, so the largest over starts and
    maximisers counts. Where a run was searched in several random subspaces, their mean
    counts.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.

    Returns:
        What the rows of a run carry, `space`, `epsilon` and `sharpness` (percent).
    """
    # Step 1: the largest over the searches.
    best = best_searches(measurements)
    # Step 2: the mean over the subspaces.
    values = best.groupby([*CARRIED, *CELL], sort=False)["sharpness"].mean()
    return values.reset_index()


def best_searches(measurements: pd.DataFrame) -> pd.DataFrame:
    """Return the search that found the most, for each run, epsilon and (sub)space.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.

    Returns:
        Its rows, in their order.
    """
    # Searches in the full space have no seed of a subspace.
    cell = [*CARRIED, *CELL, "subspace_seed"]
    draw = measurements.columns.intersection(cell, sort=False)
    best_first = measurements.sort_values("sharpness", ascending=False, kind="stable")
    return best_first.drop_duplicates(draw).sort_index()


def by_protocol_of_paper(measurements: pd.DataFrame) -> pd.DataFrame:
    """Return the searches by L-BFGS-B from the minimum (section 2.2.2 of the paper).

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.
    """
    columns = measurements[[*PROTOCOL_OF_PAPER]]
    return measurements[(columns == pd.Series(PROTOCOL_OF_PAPER)).all(axis="columns")]
