"""Rows of runs -> the numbers behind the paper's Figures 4 to 6, and of remedies.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 3 and appendix E. A run that
diverged is counted and never averaged. Knows nothing of files.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sharpminima.rows import DIVERGED
from sharpminima.tables.averages import sharpness_of_runs, summarise

RUN = ["network", "dataset", "regime", "seed"]
SWEEP = ["network", "dataset", "batch_size"]
SWEEP_RUNS = [
    *(*SWEEP, "seed", "status", "epochs", "updates"),
    *("train_accuracy", "test_accuracy", "train_loss"),
    *("epsilon", "sharpness", "versions", "trained_with"),
]
WARM_START = ["network", "dataset", "epoch"]
WARM_START_RUNS = [
    *("network", "dataset", "seed", "epoch", "status"),
    *("first_test_accuracy", "first_train_loss"),
    *("second_test_accuracy", "second_train_accuracy"),
    *("second_sharpness", "epsilon", "versions", "trained_with"),
]


def sweep_runs(
    outcomes: pd.DataFrame, measurements: pd.DataFrame, epsilon: float
) -> pd.DataFrame:
    """Return one row per run of the sweep, by batch size and seed (Figure 4).

    Args:
        outcomes: One row per run, as `training.outcome` describes it.
        measurements: One row per search, as `sharpness.measure` describes it.
        epsilon: At which the sharpness (full space, percent) is told.
    """
    rows = _with_sharpness(outcomes, measurements, epsilon)
    return rows.sort_values([*SWEEP, "seed"], kind="stable")[SWEEP_RUNS]


def summarise_sweep(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and batch size.

    Args:
        rows: What `sweep_runs` returned.
    """
    measures = ["train_accuracy", "test_accuracy", "sharpness"]
    return summarise(rows, SWEEP, measures)


def warm_start_runs(
    outcomes: pd.DataFrame,
    measurements: pd.DataFrame,
    trajectories: pd.DataFrame,
    epochs: Mapping[str, int],
    epsilon: float,
) -> pd.DataFrame:
    """Return one row per run of the second regime from an iterate of the first.

    Args:
        outcomes: One row per such run, as `training.outcome` describes it.
        measurements: One row per search, as `sharpness.measure` describes it.
        trajectories: Rows of `trajectory.measure`, of the runs of the first regime.
        epochs: After which epoch of the first regime a regime of `outcomes` begins.
        epsilon: At which the sharpness (full space, percent) is told.
    """
    rows = _with_sharpness(outcomes, measurements, epsilon)
    second = ["test_accuracy", "train_accuracy", "sharpness"]
    rows = rows.rename(columns={name: f"second_{name}" for name in second})
    rows["epoch"] = rows["regime"].map(epochs)
    keys = ["network", "dataset", "seed", "epoch"]
    first = trajectories[[*keys, "test_accuracy", "train_loss"]]
    first = first.rename(columns=lambda name: name if name in keys else f"first_{name}")
    rows = rows.merge(first, on=keys, how="left")
    return rows.sort_values([*WARM_START, "seed"], kind="stable")[WARM_START_RUNS]


def summarise_warm_start(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network and epoch of the first regime (Figure 5).

    Args:
        rows: What `warm_start_runs` returned.
    """
    first = [name for name in rows.columns if name.startswith("first_")]
    second = [name for name in rows.columns if name.startswith("second_")]
    return summarise(rows, [*WARM_START, "epsilon"], [*first, *second])


def summarise_trajectories(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network, regime and epoch (Figure 6).

    Args:
        rows: Rows of `trajectory.measure`.
    """
    keys = ["network", "dataset", "regime", "epoch", "epsilon"]
    measures = ["train_loss", "train_accuracy", "test_loss", "test_accuracy"]
    return summarise(rows, keys, [*measures, "sharpness"])


def summarise_remedies(
    outcomes: pd.DataFrame, measurements: pd.DataFrame, pair: Sequence[str]
) -> pd.DataFrame:
    """Return one row per network, regime and epsilon, remedies beside the plain pair.

    Args:
        outcomes: One row per run, as `training.outcome` describes it.
        measurements: One row per search, as `sharpness.measure` describes it.
        pair: The plain regimes, such as `["SB", "LB"]`.

    Returns:
        Test accuracy (percent) and sharpness (full space, percent), mean and standard
        deviation, and those of their differences to the second of `pair`, seed by seed.
    """
    rows = _with_sharpness(outcomes, measurements)
    measures, keys = ["test_accuracy", "sharpness"], ["network", "seed", "epsilon"]
    plain = rows[(rows["regime"] == pair[1]) & (rows["status"] != DIVERGED)]
    rows = rows.merge(
        plain[[*keys, *measures]], on=keys, how="left", suffixes=("", "_plain")
    )
    differences = [f"{measure}_minus_{pair[1]}" for measure in measures]
    for measure, difference in zip(measures, differences):
        rows[difference] = rows[measure] - rows[f"{measure}_plain"]
    keys = ["network", "dataset", "regime", "variant", "batch_size", "epsilon"]
    return summarise(rows, keys, [*measures, *differences])


def _with_sharpness(outcomes, measurements, epsilon=None):
    """Return the rows of runs with their sharpness in the full space."""
    searches = measurements[measurements["space"] == "full"]
    if epsilon is not None:
        searches = searches[np.isclose(searches["epsilon"], epsilon, rtol=1e-9, atol=0)]
    values = sharpness_of_runs(searches)[[*RUN, "epsilon", "sharpness"]]
    measured_with = searches[[*RUN, "versions"]].drop_duplicates(RUN)
    rows = outcomes.rename(columns={"versions": "trained_with"})
    return rows.merge(values, on=RUN).merge(measured_with, on=RUN)
