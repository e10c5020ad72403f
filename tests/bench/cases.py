"""Networks and data to time: the catalogue's own, with inputs of the right shape."""

import functools

import numpy as np

from project import ROOT, default_config
from sharpminima import backend
from sharpminima.data.datasets import Dataset
from sharpminima.data.readers import registry
from sharpminima.training import trial
from sharpminima.training.start import starting_point

CONFIG = default_config()
SHAPES = {"F1": (28, 28), "C1": (32, 32, 3), "C2": (32, 32, 3)}
CLASSES = 10
EVALUATION = CONFIG["evaluation"]


def noise(network: str, examples: int, tests: int = 1) -> Dataset:
    """Return a dataset of random inputs and labels for `network`."""
    rng = np.random.default_rng(0)

    def draw(size):
        x = rng.random((size, *SHAPES[network]), np.float32)
        return x, rng.integers(0, CLASSES, size, dtype=np.int32)

    return Dataset(*draw(examples), *draw(tests), classes=CLASSES)


def digits() -> Dataset:
    """Return `mnist5k`: 4,000 and 1,000 digits."""
    declared = CONFIG["datasets"]["mnist5k"]
    folder = ROOT / "workflow/resources/mnist5k"
    paths = {name: folder / name for name in declared["files"]}
    return Dataset(**registry.load(paths, reader="idx", declared=declared))


@functools.cache
def way(network: str) -> str:
    """Return how the study would compile the steps of `network` on this machine."""
    seconds = trial.seconds_of_each_way(
        CONFIG["networks"][network], SHAPES[network], CLASSES
    )
    return trial.chosen(seconds)


def model(network: str, dataset: Dataset):
    """Return the catalogue's `network` at the starting point of seed 0.

    What is compiled from here on is compiled as its study would.
    """
    backend.compile_by(way(network))
    return starting_point(CONFIG["networks"][network], dataset, 0)
