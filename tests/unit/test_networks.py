"""Networks have the paper's layers, shapes and parameter counts."""

import numpy as np
import pytest

from project import default_config
from sharpminima import networks
from sharpminima.tensorflow_backend import keras

CATALOGUE = default_config()["networks"]


@pytest.fixture
def f1():
    return networks.build(CATALOGUE["F1"], input_shape=(28, 28), classes=10)


def test_f1_has_the_papers_parameters(f1):
    trainable = sum(np.prod(v.shape) for v in f1.trainable_variables)
    assert trainable == 1_462_794


def test_f1_has_the_papers_layers(f1):
    kinds = [type(layer).__name__ for layer in f1.layers]
    block = ["Dense", "BatchNormalization", "Activation"]
    assert kinds == ["Flatten", *block * 5, "Dense"]
    assert {la.epsilon for la in f1.layers if hasattr(la, "epsilon")} == {1e-5}


def test_f1_returns_logits(f1):
    logits = f1(np.zeros((3, 28, 28), np.float32))
    assert logits.shape == (3, 10)
    assert f1.layers[-1].activation is keras.activations.linear


def test_an_unknown_builder_is_refused_with_the_known_ones():
    with pytest.raises(
        ValueError, match=r"one of \['fully_connected'\]. Received: 'x'"
    ):
        networks.build(
            {"builder": "x", "options": {}}, input_shape=(28, 28), classes=10
        )


def test_options_are_known_without_building():
    assert networks.options("fully_connected") == {"hidden_layers": int, "units": int}


def test_nested_layers_are_found():
    inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    outer = keras.Sequential([keras.Input((2,)), inner, keras.layers.Dense(1)])
    units = [la.units for la in networks.layers_of(outer) if hasattr(la, "units")]
    assert units == [3, 1]
