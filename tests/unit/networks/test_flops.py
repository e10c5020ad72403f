"""FLOPs of networks against counts by hand."""

import pytest

from project import default_config
from sharpminima.backend import keras
from sharpminima.networks import builders, flops

CATALOGUE = default_config()["networks"]

# Two for each weight of a kernel, at every position where it is used.
BY_HAND = {
    "F1": ((28, 28), 2 * (784 * 512 + 4 * 512 * 512 + 512 * 10)),
    "C1": (
        (32, 32, 3),
        2
        * (
            5 * 5 * 3 * 64 * 32 * 32
            + 5 * 5 * 64 * 64 * 16 * 16
            + (8 * 8 * 64) * 384
            + 384 * 192
            + 192 * 10
        ),
    ),
}


def build(name):
    return builders.build(CATALOGUE[name], input_shape=BY_HAND[name][0], classes=10)


@pytest.mark.parametrize("name", BY_HAND)
def test_a_networks_flops_are_those_of_its_layers(name):
    assert flops.per_example(build(name)) == BY_HAND[name][1]


def test_nested_layers_count_and_strides_make_fewer_positions():
    layers = keras.layers
    inner = keras.Sequential([keras.Input((9, 9, 2)), layers.Conv2D(5, 3, strides=2)])
    model = keras.Sequential([inner, layers.Dense(7)])
    model.build((None, 9, 9, 2))
    convolution, dense = 3 * 3 * 2 * 5 * 4 * 4, 5 * 7 * 4 * 4
    assert flops.per_example(model) == 2 * (convolution + dense)
