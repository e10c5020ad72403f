"""What the paper's search, our searches and a longer one find of each run."""

import pandas as pd

from sharpminima.storage.rows import CARRIED
from sharpminima.tables.summaries.searches import (
    by_protocol_of_paper,
    sharpness_of_runs,
)

REFERENCE = "reference"
PROTOCOLS = ["paper", "searches", REFERENCE]


def by_protocol(measurements: pd.DataFrame) -> pd.DataFrame:
    """Return one row per run and epsilon, of the full space.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.

    Returns:
        What the rows of a run carry, `epsilon`, and the sharpness (percent) that the
        `paper`'s protocol, all `searches` but the reference, and the `reference` find;
        `percent_below`, how far the paper's is below the reference.
    """
    full = measurements[measurements["space"] == "full"]
    is_reference = full["maximiser"] == REFERENCE
    searches = [by_protocol_of_paper(full), full[~is_reference], full[is_reference]]
    run = [*CARRIED, "epsilon"]
    found = [sharpness_of_runs(rows).set_index(run)["sharpness"] for rows in searches]
    runs = pd.concat(found, axis="columns", keys=PROTOCOLS).reset_index()
    below = 100.0 * (1.0 - runs["paper"] / runs[REFERENCE])
    return runs.assign(percent_below=below)
