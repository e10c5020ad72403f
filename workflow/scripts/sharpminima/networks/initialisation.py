"""Initial weights drawn by NumPy, so that they are the same on every backend.

Source: Glorot and Bengio 2010; Keras 1 initialises dense and convolutional kernels
with `glorot_uniform`, which the paper's networks use.
"""

import math

import numpy as np

from sharpminima import streams
from sharpminima.backend import keras
from sharpminima.networks.layers import layers_of

initializers = keras.initializers
DETERMINISTIC = (initializers.Zeros, initializers.Ones, initializers.Constant)
TRUNCATED_AT = 2.0


def initialise(model, seed: int) -> None:
    """Set the trainable weights of `model` to the starting point x0 of `seed`.

    The stream depends on the seed and the variable's position only: SB and LB of one
    seed start from the same point.

    Raises:
        ValueError: If a weight has an initializer that NumPy cannot stand in for.
    """
    for position, (variable, initializer) in enumerate(_trainable(model)):
        if not isinstance(initializer, DETERMINISTIC):
            rng = streams.generator("initial weights", seed, position)
            variable.assign(_draw(initializer, variable, rng))


def _trainable(model):
    """Yield each trainable variable with its layer's initializer."""
    initializer_of = {
        id(variable): getattr(layer, f"{variable.name}_initializer", None)
        for layer in layers_of(model)
        for variable in layer.variables
    }
    for variable in model.trainable_variables:
        yield variable, initializer_of[id(variable)]


def _draw(initializer, variable, rng):
    if not isinstance(initializer, initializers.VarianceScaling):
        received = "none" if initializer is None else type(initializer).__name__
        raise ValueError(
            f"`{variable.path}` must have a variance-scaling initializer (Glorot, He, "
            "LeCun) or a constant one, and its layer must hold it as "
            f"`{variable.name}_initializer`. Received: {received}"
        )
    variance = initializer.scale / _fan(variable.shape, initializer.mode)
    if initializer.distribution == "uniform":
        limit = math.sqrt(3.0 * variance)
        return rng.uniform(-limit, limit, variable.shape)
    if initializer.distribution == "untruncated_normal":
        return rng.normal(0.0, math.sqrt(variance), variable.shape)
    from scipy.stats import truncnorm  # slow to import, and seldom needed

    cut = truncnorm(-TRUNCATED_AT, TRUNCATED_AT)
    return cut.rvs(variable.shape, random_state=rng) * math.sqrt(variance) / cut.std()


def _fan(shape, mode):
    receptive_field = math.prod(shape[:-2])
    fan_in, fan_out = receptive_field * shape[-2], receptive_field * shape[-1]
    return {
        "fan_in": fan_in,
        "fan_out": fan_out,
        "fan_avg": np.mean([fan_in, fan_out]),
    }[mode]
