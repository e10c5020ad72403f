"""Counts: the parameters that the built networks have."""

import math

import pytest

from sharpminima.networks import builders, counts

pytestmark = pytest.mark.computes
DENSE = "fully_connected"
IMAGES = ["shallow_convolutional", "deep_convolutional"]


@pytest.mark.parametrize(
    ("builder", "options", "input_shape"),
    [
        (DENSE, {"hidden_layers": 1, "units": 5}, (3,)),
        (DENSE, {"hidden_layers": 3, "units": 4}, (5, 2)),
        *((name, {"pooling": "tensorflow"}, (9, 12, 3)) for name in IMAGES),
        *((name, {"pooling": "theano"}, (33, 7, 1)) for name in IMAGES),
    ],
)
def test_parameters_are_those_of_the_built_network(builder, options, input_shape):
    network, classes = {"builder": builder, "options": options}, 7
    model = builders.build(network, input_shape=input_shape, classes=classes)
    expected = sum(math.prod(v.shape) for v in model.trainable_variables)
    assert counts.parameters(network, input_shape, classes) == expected


def test_what_nobody_can_build_is_counted_at_once():
    options = {"hidden_layers": 10**9, "units": 10**9}
    network = {"builder": DENSE, "options": options}
    assert counts.parameters(network, (1,), 1) > 10**26


@pytest.mark.parametrize("builder", ["m.py:f", *IMAGES])
def test_other_networks_are_not_counted(builder):
    network = {"builder": builder, "options": {}}
    assert counts.parameters(network, (4, 4), 2) is None
