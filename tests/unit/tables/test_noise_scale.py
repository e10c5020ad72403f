"""Noise scales are averaged by regime, epoch and small batch."""

import numpy as np
import pandas as pd
import pytest

from examples import COMMON, trained
from sharpminima.tables import noise_scale

RUNS = trained(
    ("SB", 32, 0, "ceased", 94.0),
    ("SB", 32, 1, "ceased", 95.0),
    ("SB", 32, 2, "diverged", 10.0),
)
SCALES = {0: (100.0, 300.0), 1: (400.0, np.inf), 2: (np.nan, np.nan)}


def rows(epoch="last", small=32):
    """Return rows as `measure_noise_scale` writes them."""
    low, high = (RUNS["seed"].map({s: v[i] for s, v in SCALES.items()}) for i in (0, 1))
    return RUNS[[*COMMON, "regime", "batch_size", "seed", "status", "versions"]].assign(
        **{"epoch": epoch, "small_batch": small, "pairs": 4},
        noise_scale=low,
        noise_scale_high=high,
        noise_trace=2.0 * low,
        squared_gradient=2.0,
    )


def test_runs_are_averaged_and_the_diverged_are_counted():
    (row,) = noise_scale.tabulate(rows()).to_dict("records")
    assert (row["runs"], row["diverged"]) == (3, 1)
    assert row["noise_scale_mean"] == pytest.approx(200.0)
    assert row["noise_scale_low"] < 100.0 < 400.0 < row["noise_scale_high"]
    assert row["noise_trace_mean"] == pytest.approx(400.0)
    assert row["squared_gradient_mean"] == pytest.approx(2.0)
    assert row["without_upper_end"] == 1


def test_a_run_without_a_scale_makes_the_mean_infinite():
    """Its gradient cannot be told from zero, so its scale is the largest of all."""
    lost = rows()
    lost.loc[lost["seed"] == 1, "noise_scale"] = np.nan
    (row,) = noise_scale.tabulate(lost).to_dict("records")
    assert row["noise_scale_mean"] == np.inf
    assert row["noise_trace_mean"] > 0


def test_epochs_and_small_batches_stay_apart():
    mixed = pd.concat([rows("last"), rows(5), rows(5, small=400)])
    table = noise_scale.tabulate(mixed)
    assert table[["epoch", "small_batch"]].values.tolist() == [
        ["last", 32],
        [5, 32],
        [5, 400],
    ]
    assert table["without_upper_end"].tolist() == [1, 1, 1]
