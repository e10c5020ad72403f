"""Sizes: what a subset leaves of the declared sets."""

import pytest

from project import default_config
from sharpminima.config import sizes


@pytest.mark.parametrize(
    ("subset", "expected"),
    [
        ({}, (4000, 4000, 1000)),
        ({"train_examples": 100}, (100, 100, 1000)),
        ({"measure_examples": 50, "test_examples": 20}, (4000, 50, 20)),
        ({"train_examples": 100, "measure_examples": 50}, (100, 50, 1000)),
    ],
)
def test_a_subset_replaces_the_declared_sizes(subset, expected):
    config = default_config() | {"subset": subset}
    names = ("train_examples", "measure_examples", "test_examples")
    assert sizes.of_network(config, "F1") == dict(zip(names, expected))


def test_a_network_has_the_sizes_of_its_own_dataset():
    config = default_config()
    assert sizes.of_network(config, "C1")["train_examples"] == 50000
    assert sizes.dataset_of(config, "C1") == config["datasets"]["cifar10"]
