"""Initial weights, drawn by NumPy so that they are the same on every backend.

Source: Glorot and Bengio 2010. The paper's networks use `glorot_uniform`, Keras 1's
default for dense and convolutional kernels.
"""

import math

import numpy as np

from sharpminima import streams
from sharpminima.backend import keras
from sharpminima.networks.layers import layers_of

initializers = keras.initializers
DETERMINISTIC = (initializers.Zeros, initializers.Ones, initializers.Constant)
TRUNCATED_AT = 2.0  # standard deviations, as in Keras


def initialise(model, seed: int) -> None:
    """Set the trainable weights of `model` to the starting point x0 of `seed`.

    The stream depends only on the seed and on the variable's position, so SB and LB of
    one seed start from the same point.

    Raises:
        ValueError: If a weight has an initializer that we cannot draw with NumPy.
    """
    initializer_of = {
        id(variable): getattr(layer, f"{variable.name}_initializer", None)
        for layer in layers_of(model)
        for variable in layer.variables
    }
    for position, variable in enumerate(model.trainable_variables):
        initializer = initializer_of[id(variable)]
        if not isinstance(initializer, DETERMINISTIC):
            rng = streams.generator("initial weights", seed, position)
            variable.assign(_draw(initializer, variable, rng))


def _draw(initializer, variable, rng):
    if not isinstance(initializer, initializers.VarianceScaling):
        received = "none" if initializer is None else type(initializer).__name__
        raise ValueError(
            f"`{variable.path}` must have a variance-scaling initializer (Glorot, He, "
            "LeCun) or a constant one, and its layer must hold it as "
            f"`{variable.name}_initializer`. Received: {received}"
        )
    # The variance is `scale` over the fan. Glorot's fan is the mean of both.
    # A convolution's inputs and outputs count once for each position of its window.
    *window, inputs, outputs = variable.shape
    fan_in, fan_out = math.prod(window) * inputs, math.prod(window) * outputs
    fans = {
        "fan_in": fan_in,
        "fan_out": fan_out,
        "fan_avg": np.mean([fan_in, fan_out]),
    }
    variance = initializer.scale / fans[initializer.mode]
    if initializer.distribution == "uniform":
        # A uniform distribution on [-a, a] has the variance a^2 / 3.
        limit = math.sqrt(3.0 * variance)
        return rng.uniform(-limit, limit, variable.shape)
    if initializer.distribution == "untruncated_normal":
        return rng.normal(0.0, math.sqrt(variance), variable.shape)
    from scipy.stats import truncnorm  # slow to import, and seldom needed

    # Truncation narrows the distribution; dividing by its deviation makes up for that.
    cut = truncnorm(-TRUNCATED_AT, TRUNCATED_AT)
    return cut.rvs(variable.shape, random_state=rng) * math.sqrt(variance) / cut.std()
