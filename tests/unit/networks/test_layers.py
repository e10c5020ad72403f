"""Layers of a model are found, also in models that are nested in it."""

import pytest

from sharpminima.backend import keras
from sharpminima.networks.layers import is_convolutional, layers_of

pytestmark = pytest.mark.computes
layers = keras.layers


def nested(*inner):
    """Return a dense layer on top of a model of the layers `inner`."""
    inside = keras.Sequential([keras.Input((4, 4, 1)), *inner, layers.Flatten()])
    return keras.Sequential([keras.Input((4, 4, 1)), inside, layers.Dense(1)])


def test_nested_layers_are_found():
    model = nested(layers.Dense(3))
    assert [la.units for la in layers_of(model) if hasattr(la, "units")] == [3, 1]


def test_only_a_model_with_convolutions_is_convolutional():
    assert is_convolutional(nested(layers.Conv2D(1, 3)))
    assert not is_convolutional(nested(layers.Dense(3)))
