"""Runs beside their sharpness: the outcomes of training joined with the searches."""

import numpy as np
import pandas as pd

from sharpminima.storage.rows import IDENTITY
from sharpminima.tables.summaries.searches import sharpness_of_runs

RUN = list(IDENTITY)


def join(
    outcomes: pd.DataFrame, measurements: pd.DataFrame, epsilon: float | None = None
) -> pd.DataFrame:
    """Return the rows of runs with their `sharpness` in the full space (percent).

    Args:
        outcomes: One row per run, as the rule `train` writes it.
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        epsilon: The size of the box. By default a run has one row for each size
            that it was searched with.

    Returns:
        The columns of `outcomes`, with `epsilon` and `sharpness`. `versions` are the
        packages that measured, and `trained_with` those that trained.
    """
    searches = measurements[measurements["space"] == "full"]
    if epsilon is not None:
        searches = searches[np.isclose(searches["epsilon"], epsilon, rtol=1e-9, atol=0)]
    values = sharpness_of_runs(searches)[[*RUN, "epsilon", "sharpness"]]
    # An epsilon that was added later may have been measured with other versions.
    each = [*RUN, "epsilon"]
    measured_with = searches[[*each, "versions"]].drop_duplicates(each)
    rows = outcomes.rename(columns={"versions": "trained_with"})
    return rows.merge(values, on=RUN).merge(measured_with, on=each)
