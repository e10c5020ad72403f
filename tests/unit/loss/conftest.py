"""A small network and dataset in float64, so that tolerances can be tight.

On JAX, Keras normalises batches in float32 whatever it is told.
"""

import numpy as np
import pytest

from sharpminima.backend import keras
from sharpminima.data.datasets import Dataset
from sharpminima.loss.measured import MeasuredLoss

EXAMPLES, BATCH_SIZE = 23, 12  # two unequal batches, of 12 and 11


@pytest.fixture(autouse=True)
def float64():
    for precision in ("float64", "float32"):
        keras.config.set_floatx(precision)
        keras.config.set_dtype_policy(precision)
        if precision == "float64":
            yield


@pytest.fixture
def dataset():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, EXAMPLES, 6)), rng.integers(0, 3, (2, EXAMPLES))
    y = y.astype(np.int32)
    return Dataset(x[0], y[0], x[1], y[1], classes=3)


@pytest.fixture
def model():
    """Dense, batch-normalised, dropout that would show; every weight random."""
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(5),
            layers.BatchNormalization(epsilon=1e-5),
            layers.Activation("relu"),
            layers.Dropout(0.9, seed=0),
            layers.Dense(3),
        ]
    )
    rng = np.random.default_rng(1)
    for weight in network.weights:
        if weight.dtype == "float64":
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    return network


@pytest.fixture
def build():
    """Return a function that makes the measured loss of a model on a dataset."""

    def make(model, dataset, policy="batch"):
        return MeasuredLoss(model, dataset, batch_norm=policy, batch_size=BATCH_SIZE)

    return make
