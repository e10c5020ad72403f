"""Tables of the experiments: runs joined with their sharpness, then averaged."""

import numpy as np
import pandas as pd
import pytest

from sharpminima.tables import experiments

NAN = float("nan")
COMMON = {"network": "F1", "dataset": "mnist5k", "variant": "plain"}
COMMON |= {
    "learning_rate": 1e-3,
    "parameters": 7,
    "train_examples": 4000,
    "batch_norm": "batch",
}
REACHED = {"epochs": 100, "updates": 900, "train_accuracy": 99.0, "train_loss": 0.1}


def outcomes(*runs):
    """Return rows of runs from `(regime, batch size, seed, status, test accuracy)`."""
    names = ["regime", "batch_size", "seed", "status", "test_accuracy"]
    rows = pd.DataFrame(runs, columns=names)
    return rows.assign(**COMMON, **REACHED, versions="keras 1")


def searches(runs, *values):
    """Return rows of searches from `(regime, seed, space, epsilon, sharpness)`."""
    names = ["regime", "seed", "space", "epsilon", "sharpness"]
    rows = pd.DataFrame(values, columns=names).assign(subspace_seed=None)
    known = runs.drop(columns=[*REACHED, "test_accuracy", "versions"])
    return rows.merge(known, on=["regime", "seed"]).assign(versions="keras 2")


SWEPT = outcomes(
    ("B64", 64, 1, "max_epochs", 90.0),
    ("B64", 64, 0, "max_epochs", 94.0),
    ("B8", 8, 0, "max_epochs", 95.0),
    ("B8", 8, 1, "diverged", 10.0),
)
OF_SWEPT = searches(
    SWEPT,
    ("B64", 1, "full", 1e-3, 30.0),
    ("B64", 1, "full", 1e-3, 20.0),
    ("B64", 1, "full", 5e-4, 7.0),
    ("B64", 1, "subspace", 1e-3, 99.0),
    ("B64", 0, "full", 1e-3, 10.0),
    ("B8", 0, "full", 1e-3, 5.0),
    ("B8", 1, "full", 1e-3, NAN),
)


def test_the_sweep_has_a_row_for_each_run_in_order_of_the_batch_size():
    rows = experiments.sweep_runs(SWEPT, OF_SWEPT, epsilon=1e-3)
    assert rows["batch_size"].tolist() == [8, 8, 64, 64]
    assert rows["seed"].tolist() == [0, 1, 0, 1]
    assert rows["sharpness"].tolist()[2:] == [10.0, 30.0]
    assert set(rows["epsilon"]) == {1e-3}
    assert list(rows) == experiments.SWEEP_RUNS


def test_the_sweep_is_averaged_without_what_diverged():
    rows = experiments.sweep_runs(SWEPT, OF_SWEPT, epsilon=1e-3)
    table = experiments.summarise_sweep(rows).set_index("batch_size")
    assert table["runs"].to_dict() == {8: 2, 64: 2}
    assert table["diverged"].to_dict() == {8: 1, 64: 0}
    assert table["test_accuracy_mean"].to_dict() == {8: 95.0, 64: 92.0}
    assert table["sharpness_mean"].to_dict() == {8: 5.0, 64: 20.0}
    assert table.loc[64, "sharpness_std"] == pytest.approx(200**0.5)
    assert table.loc[64, "versions"] == "keras 1 | keras 2"


WARM = outcomes(
    ("LB-after-5", 400, 0, "max_epochs", 96.0),
    ("LB-after-0", 400, 0, "max_epochs", 92.0),
    ("LB-after-0", 400, 1, "diverged", 10.0),
)
OF_WARM = searches(
    WARM,
    ("LB-after-5", 0, "full", 1e-3, 3.0),
    ("LB-after-0", 0, "full", 1e-3, 200.0),
    ("LB-after-0", 1, "full", 1e-3, NAN),
)
EPOCHS = {"LB-after-0": 0, "LB-after-5": 5}


@pytest.fixture
def trajectories():
    rows = [
        {"seed": seed, "epoch": epoch, "train_loss": 2.0 - epoch / 5, "sharpness": 9.0}
        | {"test_accuracy": 10.0 + epoch + seed, "epsilon": 1e-3, "versions": "keras 1"}
        for seed in (0, 1)
        for epoch in (0, 5)
    ]
    more = {"regime": "SB-iterates", "status": "max_epochs", "test_loss": 1.0}
    return pd.DataFrame(rows).assign(**COMMON, **more, train_accuracy=50.0)


def test_a_run_stands_beside_the_iterate_that_it_began_with(trajectories):
    rows = experiments.warm_start_runs(WARM, OF_WARM, trajectories, EPOCHS, 1e-3)
    assert list(rows) == experiments.WARM_START_RUNS
    assert rows["epoch"].tolist() == [0, 0, 5]
    assert rows["first_test_accuracy"].tolist() == [10.0, 11.0, 15.0]
    assert rows["first_train_loss"].tolist() == [2.0, 2.0, 1.0]
    assert rows["second_test_accuracy"].tolist() == [92.0, 10.0, 96.0]
    assert rows["second_sharpness"].fillna(-1).tolist() == [200.0, -1.0, 3.0]


def test_warm_starts_are_averaged_by_epoch(trajectories):
    rows = experiments.warm_start_runs(WARM, OF_WARM, trajectories, EPOCHS, 1e-3)
    table = experiments.summarise_warm_start(rows).set_index("epoch")
    assert table["diverged"].to_dict() == {0: 1, 5: 0}
    assert table["second_sharpness_mean"].to_dict() == {0: 200.0, 5: 3.0}
    assert table["first_test_accuracy_mean"].to_dict() == {0: 10.0, 5: 15.0}


def test_iterates_are_averaged_by_regime_and_epoch(trajectories):
    table = experiments.summarise_trajectories(trajectories).set_index("epoch")
    assert table["test_accuracy_mean"].to_dict() == {0: 10.5, 5: 15.5}
    assert table["sharpness_mean"].to_dict() == {0: 9.0, 5: 9.0}
    assert set(table["regime"]) == {"SB-iterates"}


REMEDIES = outcomes(
    *(("SB", 32, seed, "ceased", 98.0) for seed in (0, 1, 2)),
    ("LB", 400, 0, "floor", 95.0),
    ("LB", 400, 1, "floor", 96.0),
    ("LB", 400, 2, "diverged", 10.0),
    ("LB-new", 400, 0, "floor", 96.0),
    ("LB-new", 400, 1, "floor", 99.0),
    ("LB-new", 400, 2, "floor", 97.0),
)
OF_REMEDIES = searches(
    REMEDIES,
    *(("SB", seed, "full", 1e-3, 1.0) for seed in (0, 1, 2)),
    *(("LB", seed, "full", 1e-3, 200.0 + seed) for seed in (0, 1)),
    ("LB", 2, "full", 1e-3, NAN),
    *(("LB-new", seed, "full", 1e-3, 100.0) for seed in (0, 1, 2)),
)


def test_remedies_are_compared_with_plain_runs_seed_by_seed():
    table = experiments.summarise_remedies(REMEDIES, OF_REMEDIES, ["SB", "LB"])
    row = table.set_index("regime").loc["LB-new"]
    assert (row["runs"], row["diverged"]) == (3, 0)
    assert row["test_accuracy_mean"] == pytest.approx(292 / 3)
    assert row["test_accuracy_minus_LB_mean"] == 2.0
    assert row["test_accuracy_minus_LB_std"] == pytest.approx(2**0.5)
    assert row["sharpness_minus_LB_mean"] == -100.5


def test_plain_regimes_stand_beside_the_remedies():
    table = experiments.summarise_remedies(REMEDIES, OF_REMEDIES, ["SB", "LB"])
    table = table.set_index("regime")
    assert list(table.index) == ["SB", "LB", "LB-new"]
    assert table.loc["LB", ["runs", "diverged"]].tolist() == [3, 1]
    assert table.loc["LB", "test_accuracy_minus_LB_mean"] == 0
    assert table.loc["SB", "test_accuracy_minus_LB_mean"] == 2.5
    assert np.isclose(table.loc["LB", "sharpness_mean"], 200.5)
