"""The starting point x0 of a run: an untrained network, the same for every regime."""

from sharpminima import streams
from sharpminima.backend import keras
from sharpminima.data.datasets import Dataset
from sharpminima.loss.batch_norm import MIXED
from sharpminima.networks.builders import for_dataset
from sharpminima.networks.initialisation import initialise


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
    # Layers with a state of their own, such as dropout, draw their seeds from Keras.
    keras.utils.set_random_seed(streams.seed("layers", seed) % 2**32)
    before = keras.config.dtype_policy()
    if precision == MIXED:
        keras.config.set_dtype_policy(precision)
    try:
        model = for_dataset(network, dataset)
    finally:
        keras.config.set_dtype_policy(before)
    initialise(model, seed)
    return model
