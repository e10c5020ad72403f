"""Checkpoints are plain Keras weight files with attributes."""

import itertools

import h5py
import numpy as np
import pytest

from sharpminima.backend import keras
from sharpminima.networks import parameters
from sharpminima.networks.builders import build
from sharpminima.networks.initialisation import initialise

pytestmark = pytest.mark.computes
layers = keras.layers
NETWORK = {"builder": "fully_connected", "options": {"hidden_layers": 2, "units": 7}}


def network(seed):
    model = build(NETWORK, input_shape=(4, 4), classes=3)
    initialise(model, seed)
    return model


def test_flattening_keeps_keras_order_in_float64():
    model = network(0)
    x = parameters.flatten(model.trainable_variables)
    assert x.dtype == np.float64
    assert x.shape == (16 * 7 + 3 * 7 + 7 * 7 + 3 * 7 + 7 * 3 + 3,)
    np.testing.assert_array_equal(x[:112], model.weights[0].numpy().ravel())


def test_each_layer_has_its_part_of_the_parameters():
    model = network(0)
    found = parameters.parts(model)
    sizes = [16 * 7 + 7, 2 * 7, 7 * 7 + 7, 2 * 7, 7 * 3 + 3]
    assert [part.stop - part.start for _, part in found] == sizes
    assert found[0][1].start == 0
    assert all(a[1].stop == b[1].start for a, b in itertools.pairwise(found))
    names = [layer.name for layer in model.layers if layer.trainable_variables]
    assert [name.rpartition("/")[2] for name, _ in found] == names
    x = parameters.flatten(model.trainable_variables)
    kernel = model.layers[-1].kernel.numpy().ravel()
    np.testing.assert_array_equal(x[found[-1][1]][: 7 * 3], kernel)


def test_a_checkpoint_comes_back(tmp_path):
    path, model = tmp_path / "final.weights.h5", network(0)
    model.layers[2].moving_mean.assign(np.arange(7.0))
    parameters.save(path, model, {"seed": 0})
    point = parameters.restore(path, network(1))
    np.testing.assert_array_equal(
        point.parameters, parameters.flatten(model.trainable_variables)
    )
    assert [average.shape for average in point.averages] == [(7,)] * 4
    np.testing.assert_array_equal(point.averages[0], np.arange(7.0))


def test_seeds_of_dropout_are_no_averages():
    model = keras.Sequential(
        [keras.Input((2,)), layers.Dropout(0.5, seed=0), layers.BatchNormalization()]
    )
    averages = parameters.averages_of(model)
    assert [v.name for v in averages] == ["moving_mean", "moving_variance"]
    assert len(model.non_trainable_variables) == 3


def test_attributes_come_back_with_their_types(tmp_path):
    path = tmp_path / "final.weights.h5"
    stored = {"network": "F1", "seed": 3, "learning_rate": 1e-3, "list": [1, "a"]}
    parameters.save(path, network(0), stored)
    assert parameters.attributes(path) == {**stored, "list": '[1, "a"]'}


def test_a_model_written_in_plain_keras_loads_a_checkpoint(tmp_path):
    """Nothing here comes from this project but the file."""
    path, model = tmp_path / "final.weights.h5", network(0)
    parameters.save(path, model, {"seed": 0})
    plain = keras.Sequential(
        [
            keras.Input((4, 4)),
            layers.Flatten(),
            layers.Dense(7),
            layers.BatchNormalization(epsilon=1e-5),
            layers.Activation("relu"),
            layers.Dense(7),
            layers.BatchNormalization(epsilon=1e-5),
            layers.Activation("relu"),
            layers.Dense(3),
        ]
    )
    plain.load_weights(path)
    x = np.random.default_rng(0).normal(size=(5, 4, 4)).astype(np.float32)
    np.testing.assert_array_equal(plain(x), model(x))


def test_the_same_weights_make_the_same_bytes(tmp_path):
    for name in ("a.weights.h5", "b.weights.h5"):
        keras.utils.clear_session()  # Keras numbers the layers of a process
        parameters.save(tmp_path / name, network(0), {"seed": 0})
    first, second = (tmp_path / f"{n}.weights.h5" for n in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_the_file_says_what_made_it(tmp_path):
    path = tmp_path / "final.weights.h5"
    parameters.save(path, network(0), {"regime": "LB"})
    with h5py.File(path) as file:
        assert file.attrs["regime"] == "LB"
