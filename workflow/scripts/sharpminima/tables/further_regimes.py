"""Further regimes beside the pair that they vary (the paper's Tables 6 and 7).

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix E, for its remedies. Other
regimes, such as growing batches (section 4), are compared in the same way.
"""

from collections.abc import Sequence

import pandas as pd

from sharpminima.storage.rows import DIVERGED
from sharpminima.tables.summaries import measured_runs
from sharpminima.tables.summaries.averages import summarise

KEYS = ["network", "dataset", "regime", "variant", "batch_size", "epsilon"]


def tabulate(
    outcomes: pd.DataFrame, measurements: pd.DataFrame, pair: Sequence[str]
) -> pd.DataFrame:
    """Return one row per network, regime and epsilon.

    Args:
        outcomes: One row per run, as the rule `train` writes it.
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        pair: The regimes that the others vary, such as `["SB", "LB"]`.

    Returns:
        Mean and standard deviation of test accuracy (percent); the geometric mean of
        sharpness in the full space (percent) with its 95 % interval. The same of
        `test_accuracy_minus_LB` and `sharpness_over_LB`, which compare each run with
        the run of the second of `pair` that has the same seed. A run whose counterpart
        diverged is not compared.
    """
    rows, large = measured_runs.join(outcomes, measurements), pair[1]
    # Put the sound run of LB with the same seed beside each run.
    counterpart = ["network", "seed", "epsilon"]
    sound = rows[(rows["regime"] == large) & (rows["status"] != DIVERGED)]
    sound = sound.set_index(counterpart)[["test_accuracy", "sharpness"]]
    rows = rows.join(sound.add_suffix("_of_large"), on=counterpart)
    gain, ratio = f"test_accuracy_minus_{large}", f"sharpness_over_{large}"
    rows[gain] = rows["test_accuracy"] - rows["test_accuracy_of_large"]
    # Nothing compares with a sharpness of 0.
    of_large = rows["sharpness_of_large"]
    rows[ratio] = rows["sharpness"] / of_large.where(of_large > 0)
    return summarise(rows, KEYS, ["test_accuracy", gain], ["sharpness", ratio])
