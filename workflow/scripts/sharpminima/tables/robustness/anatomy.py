"""What each sharpness is made of, ours and the paper's: slope, curvature, or more.

See `summaries.parts` for the parts of a rise. The paper prints no parts. There only the
exponent q tells, by which its values follow epsilon: 1 is slope and 2 is curvature.
"""

import numpy as np
import pandas as pd

from sharpminima.storage.rows import IDENTITY
from sharpminima.tables.paper import ROUNDING, TRIALS
from sharpminima.tables.summaries.averages import (
    CONDITION,
    counted,
    geometric,
    half_width,
    interval,
    statistics,
    with_versions,
)
from sharpminima.tables.summaries.parts import MOST, exponents, parts_of_runs
from sharpminima.tables.summaries.searches import CELL

KEYS = [*CONDITION, *CELL]
SERIES = [*IDENTITY, "space"]
SLOPE, CURVATURE = "slope", "curvature"
EITHER, BETWEEN = "slope or curvature", "between slope and curvature"
BEYOND, NO_POWER = "beyond the quadratic", "not a power of epsilon"
# Odd terms other than the slope are no part of a quadratic. So much of the rise is more
# than a correction.
CUBIC = 0.25


def tabulate(measurements: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network, regime, space and epsilon, first ours.

    Args:
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        paper: The paper's values, as `paper.read` returns them.

    Returns:
        - `source`: `this study`, or the paper's table.
        - `runs` and `diverged`: how many of ours there are.
        - `sharpness_...`: the geometric mean with its 95 % interval (percent), or the
          mean as the paper prints it.
        - `slope_share_...`: mean, `min` and `max` of the share of the rise that the
          slope explains; `odd_share_mean`, `even_share_mean`.
        - `gradient_l2_mean` (nats per unit of x) and `slope_prediction_mean` (percent):
          geometric means.
        - `exponent_...`: the mean of q with its 95 % interval.
        - `made_of`: what `made_of_parts` or `made_of_exponent` says.
    """
    return pd.concat([_ours(measurements), _papers(paper)], ignore_index=True)


def made_of_parts(
    slope: float, odd: float, even: float, low: float, high: float
) -> str | None:
    """Return a word for a rise whose parts are known; None where there is no rise.

    Args:
        slope: The share that the slope explains.
        odd: The share of the odd part, the slope included.
        even: The share of the even part.
        low: The lower end of the exponent's interval, NaN if there is none.
        high: The upper end.
    """
    if np.isnan(slope):
        return None
    if slope >= MOST:
        return SLOPE
    # Even a straight line has the exponent 1, and whatever is convex rises faster.
    if high < 1:
        return NO_POWER
    if low > 2 or abs(odd - slope) >= CUBIC:
        return BEYOND
    return CURVATURE if even >= MOST else BETWEEN


def made_of_exponent(low: float, high: float) -> str | None:
    """Return a word for values of which only the exponent is known.

    Args:
        low: The lower end of the exponent's interval, NaN at the smallest epsilon.
        high: The upper end.
    """
    if np.isnan(low):
        return None
    if high < 1:
        return NO_POWER
    if low > 2:
        return BEYOND
    holds_one, holds_two = low <= 1, high >= 2
    if holds_one:
        return EITHER if holds_two else SLOPE
    return CURVATURE if holds_two else BETWEEN


def _ours(measurements):
    runs = parts_of_runs(measurements)
    runs = runs.assign(exponent=exponents(runs, SERIES))
    table = counted(runs, KEYS).join(geometric(runs, KEYS, "sharpness"))
    table = table.join(statistics(runs, KEYS, "slope_share", ["mean", "min", "max"]))
    for share in ("odd_share", "even_share"):
        table = table.join(statistics(runs, KEYS, share, ["mean"]))
    for size in ("gradient_l2", "slope_prediction"):
        table = table.join(geometric(runs, KEYS, size)[f"{size}_mean"])
    table = table.join(interval(runs, KEYS, "exponent"))
    shares = [f"{share}_share_mean" for share in ("slope", "odd", "even")]
    known = table[[*shares, "exponent_low", "exponent_high"]].to_numpy()
    made_of = [made_of_parts(*row) for row in known]
    table.insert(table.columns.get_loc("sharpness_high") + 1, "made_of", made_of)
    table = with_versions(table, measurements, KEYS).reset_index()
    table.insert(0, "source", "this study")
    return table


def _papers(paper):
    rows = paper.dropna(subset="space").sort_values("table", kind="stable")
    table = pd.DataFrame(
        {
            "source": rows["table"].map("paper, Table {}".format),
            **rows[KEYS],
            "sharpness_mean": rows["mean"],
            **_exponents_of_paper(rows),
        }
    )
    bounds = zip(table["exponent_low"], table["exponent_high"])
    return table.assign(made_of=[made_of_exponent(*ends) for ends in bounds])


def _exponents_of_paper(rows):
    """Return the exponents of the paper's values, and the intervals that hold them.

    Both printed means are rounded. Each is a mean of a few trials, too, whose error has
    Student's t distribution; the errors of two values add up as squares.
    """
    groups = rows.groupby(["table", "network", "regime"], sort=False)
    # The row below has the smaller epsilon; the last one of a group has none.
    smaller = groups[["epsilon", "mean", "std"]].shift(-1)
    ratio = np.log(rows["epsilon"] / smaller["epsilon"])

    def exponent(rounding):
        return np.log((rows["mean"] + rounding) / (smaller["mean"] - rounding)) / ratio

    errors = [half_width(v["std"], TRIALS) / v["mean"] for v in (rows, smaller)]
    error = np.hypot(*errors) / ratio
    return {
        "exponent_mean": exponent(0.0),
        "exponent_low": exponent(-ROUNDING) - error,
        "exponent_high": exponent(ROUNDING) + error,
    }
