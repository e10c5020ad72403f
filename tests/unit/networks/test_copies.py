"""Copies give the same function, and read the point where Keras would not."""

import numpy as np
import pytest

from sharpminima.backend import keras
from sharpminima.networks.copies import copy_of

pytestmark = pytest.mark.computes
layers = keras.layers
X = np.random.default_rng(0).normal(3.0, 2.0, (20, 4)).astype(np.float32)


def adapted(**settings):
    layer = layers.Normalization(**settings)
    if not settings:
        layer.adapt(X)
    return keras.Sequential([keras.Input((4,)), layer])


def outputs(model):
    return keras.ops.convert_to_numpy(model(X))


@pytest.mark.parametrize("settings", [{}, {"mean": 3.0, "variance": 4.0}])
def test_an_adapted_normalisation_is_copied(settings):
    model = adapted(**settings)
    copy = copy_of(keras.Sequential([keras.Input((4,)), model]))
    np.testing.assert_array_equal(outputs(copy), outputs(model))
    assert np.abs(outputs(copy).mean()) < 0.2


def test_its_mean_and_variance_are_those_of_the_point():
    copy = copy_of(adapted())
    state = [v.value for v in copy.non_trainable_variables]
    state[:2] = np.ones(4, np.float32), np.full(4, 4.0, np.float32)
    found, _ = copy.stateless_call([], state, X)
    np.testing.assert_allclose(found, (X - 1.0) / 2.0, rtol=1e-5, atol=1e-5)


def test_a_copy_may_have_layers_of_another_class():
    def changed(layer, config):
        config["name"] = "other"
        return layers.Activation

    model = keras.Sequential([keras.Input((4,)), layers.Activation("relu")])
    assert copy_of(model, changed).layers[0].name == "other"
    assert copy_of(model).layers[0].name == model.layers[0].name
