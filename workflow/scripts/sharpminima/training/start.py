"""The starting point x0 of a run: an untrained network, the same for every regime."""

import itertools
import logging

import numpy as np

from sharpminima import streams
from sharpminima.backend import keras
from sharpminima.data.datasets import Dataset
from sharpminima.loss.batch_norm import MIXED
from sharpminima.networks.builders import for_dataset
from sharpminima.networks.initialisation import initialise, left_as_built


def starting_point(
    network: dict, dataset: Dataset, seed: int, precision: str = "float32"
):
    """Return the untrained model at x0, the starting point of `seed`.

    Args:
        network: A `networks` entry of the config.
        dataset: Gives the input shape and the number of classes.
        seed: The run's seed.
        precision: `mixed_bfloat16` computes in bfloat16 on weights in float32; anything
            else computes in float32.
    """
    model = _as_built(network, dataset, "layers", seed, precision)
    initialise(model, seed)
    return model


def drawn_by_keras(model, network: dict, dataset: Dataset) -> list[str]:
    """Return the paths of the weights that Keras has drawn, and log them.

    They follow the run's seed as well. On another backend they start elsewhere.

    Args:
        model: What `starting_point` returned, before it is trained.
        network: The `networks` entry that it was made of.
        dataset: The dataset that it was made for.

    Raises:
        ValueError: If two of these weights are equal. An initializer draws the same
            values each time that it is called.
    """
    if not (left := left_as_built(model)):
        return []
    # Under another seed, what is constant stays.
    again = left_as_built(_as_built(network, dataset, "again", 0, "float32"))
    drawn = [
        variable
        for variable, other in zip(left, again, strict=True)
        if not np.array_equal(variable.numpy(), other.numpy())
    ]
    for one, other in itertools.combinations(drawn, 2):
        if np.array_equal(one.numpy(), other.numpy()):
            raise ValueError(
                f"{network['builder']}: each weight must have an initializer of its "
                "own, since an initializer repeats its values. Received: the same "
                f"values in {one.path} and {other.path}"
            )
    paths = [variable.path for variable in drawn]
    if paths:
        logging.info(
            "Keras draws these weights, so the other backend starts elsewhere: %s",
            ", ".join(paths),
        )
    return paths


def _as_built(network, dataset, stream, seed, precision):
    """Return the model with the weights that its layers have when they are built."""
    # Layers with a state of their own, such as dropout, draw their seeds from Keras. So
    # do layers whose initializers NumPy cannot stand in for.
    keras.utils.set_random_seed(streams.seed(stream, seed) % 2**32)
    before = keras.config.dtype_policy()
    if precision == MIXED:
        keras.config.set_dtype_policy(precision)
    try:
        return for_dataset(network, dataset)
    finally:
        keras.config.set_dtype_policy(before)
