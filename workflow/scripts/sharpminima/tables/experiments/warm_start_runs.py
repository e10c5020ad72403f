"""Every run that began with an iterate of another regime (the paper's Figure 5)."""

from collections.abc import Mapping

import pandas as pd

from sharpminima.tables.summaries import measured_runs

ORDER = ["network", "dataset", "epoch", "seed"]
COLUMNS = [
    *("network", "dataset", "seed", "epoch", "status"),
    *("first_test_accuracy", "first_train_loss"),
    *("second_test_accuracy", "second_train_accuracy"),
    *("second_sharpness", "epsilon", "versions", "trained_with"),
]
# What is shown of the run, and of the iterate that it began with.
OF_RUN = ["test_accuracy", "train_accuracy", "sharpness"]
OF_ITERATE = ["test_accuracy", "train_loss"]


def tabulate(
    outcomes: pd.DataFrame,
    measurements: pd.DataFrame,
    trajectories: pd.DataFrame,
    epochs: Mapping[str, int],
    epsilon: float,
) -> pd.DataFrame:
    """Return one row per run of the second regime from an iterate of the first.

    Args:
        outcomes: One row per such run, as the rule `train` writes it.
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        trajectories: One row per iterate of the first regime, as the rule
            `measure_trajectory` writes it.
        epochs: The epoch of the first regime after which each regime of `outcomes`
            began.
        epsilon: The size of the box that the sharpness is shown for.

    Returns:
        `first_...`, what the iterate had reached, beside `second_...`, what the run
        from there reached.
    """
    keys = ["network", "dataset", "seed", "epoch"]
    rows = measured_runs.join(outcomes, measurements, epsilon)
    rows = rows.rename(columns={name: f"second_{name}" for name in OF_RUN})
    rows["epoch"] = rows["regime"].map(epochs)
    iterates = trajectories[[*keys, *OF_ITERATE]]
    iterates = iterates.rename(columns={name: f"first_{name}" for name in OF_ITERATE})
    rows = rows.merge(iterates, on=keys, how="left")
    return rows.sort_values(ORDER, kind="stable")[COLUMNS]
