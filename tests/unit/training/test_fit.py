"""The training loop: ADAM by the book, one row an epoch, divergence as data."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

from project import ROOT
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.parameters import flatten, point_of
from sharpminima.training.fit import fit
from sharpminima.training.start import starting_point
from training_runs import EVALUATION, NETWORK, run, settings

pytestmark = pytest.mark.computes


def test_there_is_a_row_for_each_epoch(dataset):
    _, rows, outcome = run(dataset, batch_size=20)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert [row["updates"] for row in rows] == [5, 10, 15]
    assert [row["status"] for row in rows] == ["training", "training", "max_epochs"]
    assert outcome["status"] == "max_epochs"
    assert outcome["updates"] == 15


def test_training_lowers_the_loss(dataset):
    _, rows, outcome = run(dataset, learning_rate=0.05)
    assert rows[-1]["train_loss"] < 0.5 * rows[0]["train_loss"]
    assert outcome["train_accuracy"] > 90
    assert 0 < outcome["test_loss"] < 1


def test_the_first_update_is_adams(dataset):
    """One full batch: each weight moves by the learning rate against its gradient."""
    chosen = settings(batch_size=90)
    model = starting_point(NETWORK, dataset, 0)
    before = flatten(model.trainable_variables)
    measured = MeasuredLoss(model, dataset, **EVALUATION)
    _, _, gradient = measured.loss_accuracy_and_gradient(point_of(model))
    next(fit(model, dataset, chosen, measured))
    moved = flatten(model.trainable_variables) - before
    steep = np.abs(gradient) > 1e-4
    expected = -1e-3 * gradient / (np.abs(gradient) + 1e-8 / np.sqrt(1e-3))
    np.testing.assert_allclose(moved[steep], expected[steep], rtol=2e-2)


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.1},
        {"optimizer": "adagrad", "learning_rate": 0.1},
        {
            "learning_rate": 0.05,
            "weight_decay": 0.01,
            "schedule": {"name": "cosine", "warmup_epochs": 1},
        },
    ],
    ids=["sgd", "adagrad", "cosine"],
)
def test_every_optimizer_lowers_the_loss(dataset, changes):
    _, rows, _ = run(dataset, **changes)
    assert rows[-1]["train_loss"] < 0.7 * rows[0]["train_loss"]


def test_a_huge_learning_rate_diverges_and_says_so(dataset):
    _, rows, outcome = run(dataset, learning_rate=1e30)
    assert outcome["status"] == "diverged"
    assert rows[-1]["status"] == "diverged"


def test_the_stopping_rule_is_obeyed(dataset):
    stopping = settings()["stopping"] | {"loss_floor": 100.0, "max_epochs": 50}
    _, rows, outcome = run(dataset, stopping=stopping)
    assert len(rows) == 1
    assert outcome["status"] == "floor"


TRAIN_A_CONVOLUTIONAL_NETWORK = """
    import hashlib, sys
    import numpy as np
    from sharpminima import backend
    from sharpminima.backend import keras
    from sharpminima.data.datasets import Dataset
    from sharpminima.loss.measured import MeasuredLoss
    from sharpminima.networks import initialisation, parameters
    from sharpminima.training.fit import fit

    backend.configure(threads=int(sys.argv[2]))
    rng = np.random.default_rng(0)
    x = rng.random((512, 16, 16, 3), np.float32)
    y = rng.integers(0, 10, 512).astype(np.int32)
    data = Dataset(x, y, x[:64], y[:64], classes=10)
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((16, 16, 3)),
        layers.Conv2D(32, 5, padding="same"), layers.BatchNormalization(),
        layers.Activation("relu"), layers.MaxPooling2D(3, 2, padding="same"),
        layers.Conv2D(32, 5, padding="same"), layers.BatchNormalization(),
        layers.Activation("relu"), layers.Flatten(), layers.Dense(64),
        layers.Dropout(0.5), layers.Dense(10),
    ])
    initialisation.initialise(model, 0)
    settings = {
        "optimizer": "adam", "learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999,
        "epsilon": 1e-8, "last_batch": "keep", "batch_size": 100, "seed": 0,
        "precision": "float32",
        "stopping": {"patience": 9, "relative_improvement": 0, "loss_floor": 0,
                     "min_epochs": 1, "max_epochs": 3},
    }
    measured = MeasuredLoss(model, data, batch_norm="batch", batch_size=5000)
    list(fit(model, data, settings, measured))
    parameters.save(sys.argv[1], model, {"seed": 0})
"""


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_two_processes_train_the_same_convolutional_network_to_the_byte(
    tmp_path, threads
):
    paths = [tmp_path / f"{name}.weights.h5" for name in ("first", "second")]
    for path in paths:
        code = textwrap.dedent(TRAIN_A_CONVOLUTIONAL_NETWORK)
        command = [sys.executable, "-c", code, str(path), str(threads)]
        subprocess.run(command, check=True, cwd=ROOT / "workflow/scripts")
    assert paths[0].read_bytes() == paths[1].read_bytes()
