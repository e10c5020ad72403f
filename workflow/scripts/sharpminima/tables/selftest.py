"""Closed forms of the measures beside our values, and whether they agree."""

import numpy as np
import pandas as pd

COLUMNS = ["measure", "value", "expected", "found", "error", "tolerance", "verdict"]
COLUMNS += ["device", "way", "versions"]
OK, OFF = "ok", "off"


def tabulate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per check.

    Args:
        rows: One row per check, as `selftest.closed_forms.rows` yields it.

    Returns:
        The check; `expected`, the closed form; `found`, our value; `error`, by how much
        it differs, as a share; `tolerance`, the largest such share; `verdict`, which is
        `off` where the error is larger or unknown.
    """
    error = (rows["found"] / rows["expected"] - 1.0).abs()
    verdict = np.where(error <= rows["tolerance"], OK, OFF)
    return rows.assign(error=error, verdict=verdict)[COLUMNS]
