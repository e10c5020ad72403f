"""Further regimes beside the pair that they vary (the paper's Tables 6 and 7).

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix E, for its remedies. Other
regimes, such as growing batches (section 4), are compared in the same way.
"""

from collections.abc import Sequence

import pandas as pd

from sharpminima.rows import DIVERGED
from sharpminima.tables.summaries import measured_runs
from sharpminima.tables.summaries.averages import summarise

KEYS = ["network", "dataset", "regime", "variant", "batch_size", "epsilon"]
MEASURES = ["test_accuracy", "sharpness"]


def tabulate(
    outcomes: pd.DataFrame, measurements: pd.DataFrame, pair: Sequence[str]
) -> pd.DataFrame:
    """Return one row per network, regime and epsilon.

    Args:
        outcomes: One row per run, as the rule `train` writes it.
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        pair: The regimes that the others vary, such as `["SB", "LB"]`.

    Returns:
        Means and standard deviations of test accuracy (percent), of sharpness in the
        full space (percent), and of `MEASURE_minus_LB`: by how much each run exceeds
        the run of the second of `pair` that has the same seed. A run whose counterpart
        diverged has no difference.
    """
    rows, large = measured_runs.join(outcomes, measurements), pair[1]
    # Put the sound run of LB with the same seed beside each run.
    counterpart = ["network", "seed", "epsilon"]
    sound = rows[(rows["regime"] == large) & (rows["status"] != DIVERGED)]
    sound = sound.set_index(counterpart)[MEASURES].add_suffix(f"_of_{large}")
    rows = rows.join(sound, on=counterpart)
    differences = {
        f"{measure}_minus_{large}": rows[measure] - rows[f"{measure}_of_{large}"]
        for measure in MEASURES
    }
    rows = rows.assign(**differences)
    return summarise(rows, KEYS, [*MEASURES, *differences])
