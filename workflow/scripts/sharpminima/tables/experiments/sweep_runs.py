"""Every run of the sweep over batch sizes (the paper's Figure 4)."""

import pandas as pd

from sharpminima.tables.summaries import measured_runs

ORDER = ["network", "dataset", "batch_size", "seed"]
COLUMNS = [
    *(*ORDER, "status", "epochs", "updates"),
    *("train_accuracy", "test_accuracy", "train_loss"),
    *("epsilon", "sharpness", "versions", "trained_with"),
]


def tabulate(
    outcomes: pd.DataFrame, measurements: pd.DataFrame, epsilon: float
) -> pd.DataFrame:
    """Return one row per run, by batch size and seed.

    Args:
        outcomes: One row per run, as the rule `train` writes it.
        measurements: One row per search, as the rule `measure_sharpness` writes it.
        epsilon: The size of the box that the sharpness is shown for.

    Returns:
        `COLUMNS`: identity, status and length of the run; accuracies (percent) and
        training loss (nats per example) at its end; sharpness in the full space
        (percent).
    """
    rows = measured_runs.join(outcomes, measurements, epsilon)
    return rows.sort_values(ORDER, kind="stable")[COLUMNS]
