"""Checkpoints from elsewhere: the same numbers, whichever way they come in."""

import numpy as np
import pytest
from saved_models import CLASSES, SHAPE, convolutional, data, trained

from sharpminima.backend import keras
from sharpminima.config import layers as config_layers
from sharpminima.config.study import Study
from sharpminima.data.datasets import Dataset
from sharpminima.loss import adoption
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.measures import sharpness
from sharpminima.measures.maximisers import Minimum
from sharpminima.networks import builders, saved_models
from sharpminima.storage.errors import Refused

pytestmark = pytest.mark.computes
DATA = Dataset(*data(40), *data(20, seed=1), classes=CLASSES)
OWN = """
import keras
from keras import layers


def network(input_shape, classes):
    return keras.Sequential([
        keras.Input(input_shape), layers.Conv2D(3, 3), layers.BatchNormalization(),
        layers.ReLU(), layers.Flatten(), layers.Dropout(0.3), layers.Dense(classes),
    ])
"""


@pytest.fixture(autouse=True)
def float32(float64):
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def files(tmp_path):
    """A model that was trained outside, in each kind of file, and its builder."""
    model = trained(convolutional())
    for name in ("m.keras", "m.h5"):
        model.save(tmp_path / name)
    model.save_weights(tmp_path / "m.weights.h5")
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path, model


def adopted(folder, name, network, batch_norm="moving"):
    """Return the row of a checkpoint, and that of Metric 2.1, as jobs make them."""
    builder = {"own": "own.py:network"}.get(network, network)
    file = str(folder / builder.partition(":")[0])
    entry = {"builder": builder, "file": file, "options": {}}
    model = builders.for_dataset(entry, DATA)
    loss = MeasuredLoss(model, DATA, batch_norm=batch_norm, batch_size=15)
    whole = network != "own"
    point, softmax = adoption.restore(folder / name, model, DATA, whole=whole)
    f = loss.at_averages(point.averages)
    minimum = Minimum(point.parameters, *f(point.parameters))
    defaults = Study(config_layers.of_files([config_layers.DEFAULTS], {}))
    search = {**defaults.search, "subspace": {**defaults.search["subspace"]}}
    search["subspace"]["dimensions"] = 10
    rows = list(sharpness.measure(f, minimum, search, [1e-3], seed=0))
    values = [(row["space"], row["maximiser"], row["sharpness"]) for row in rows]
    return {**adoption.outcome(point, DATA, loss), "softmax": softmax}, values


@pytest.mark.parametrize("batch_norm", ["moving", "batch"])
def test_metric_2_1_is_the_same_to_the_last_digit_in_whatever_file(files, batch_norm):
    folder, _ = files
    first, values = adopted(folder, "m.keras", "m.keras", batch_norm)
    assert all(value > 0 for *_, value in values)
    assert first.pop("softmax") == "top"
    for name, network in (
        ("m.h5", "m.h5"),
        ("m.h5", "m.keras"),
        ("m.weights.h5", "own"),
        ("m.keras", "own"),
        ("m.weights.h5", "m.keras"),
    ):
        row, found = adopted(folder, name, network, batch_norm)
        softmax = "top" if name != "m.weights.h5" and network != "own" else ""
        assert row.pop("softmax") == softmax
        assert found == values
        assert row == first


def test_losses_are_those_that_keras_states(files):
    folder, model = files
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    row, _ = adopted(folder, "m.keras", "m.keras")
    for split, x, y in (
        ("train", DATA.x_train, DATA.y_train),
        ("test", DATA.x_test, DATA.y_test),
    ):
        loss, accuracy = model.evaluate(x, y, verbose=0)
        assert row[f"{split}_loss"] == pytest.approx(loss, rel=1e-4)
        assert row[f"{split}_accuracy"] == pytest.approx(100 * accuracy, rel=1e-4)
    assert row["status"] == "adopted"
    assert row["variant"] == "trained elsewhere"


def test_a_model_of_nan_counts_as_diverged(files, tmp_path):
    _, model = files
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    model.save(tmp_path / "nan.keras")
    entry = {"builder": "nan.keras", "file": str(tmp_path / "nan.keras"), "options": {}}
    network = builders.for_dataset(entry, DATA)
    loss = MeasuredLoss(network, DATA, batch_norm="moving", batch_size=15)
    path = tmp_path / "nan.keras"
    point, _ = adoption.restore(path, network, DATA, whole=True)
    assert adoption.outcome(point, DATA, loss)["status"] == "diverged"


def test_a_checkpoint_that_answers_otherwise_in_its_network_is_refused(files, tmp_path):
    """The shapes of its weights fit, and its activation is another one."""
    layers = keras.layers
    other = keras.Sequential(
        [
            *(keras.Input(SHAPE), layers.Conv2D(3, 3), layers.BatchNormalization()),
            *(layers.Activation("tanh"), layers.Flatten(), layers.Dense(CLASSES)),
        ]
    )
    other.set_weights(files[1].get_weights())
    other.save(tmp_path / "other.keras")
    model = saved_models.load(tmp_path / "m.keras").model
    with pytest.raises(Refused, match="other.keras: expected a model that answers"):
        adoption.restore(tmp_path / "other.keras", model, DATA, whole=True)
