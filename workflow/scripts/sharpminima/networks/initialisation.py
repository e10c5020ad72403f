"""Initial weights, drawn by NumPy so that they are the same on every backend.

Sources: Glorot and Bengio 2010. The paper's networks use `glorot_uniform`, Keras 1's
default for dense and convolutional kernels. Recurrent kernels are orthogonal: Saxe et
al. 2014 (arXiv:1312.6120).

A layer may draw its weights in a way of its own, which only Keras can do. These weights
stay as they were when the model was built.
"""

import math

import numpy as np

from sharpminima import streams
from sharpminima.backend import keras
from sharpminima.networks.layers import parts_of
from sharpminima.networks.parameters import averages_of

initializers = keras.initializers
TRUNCATED_AT = 2.0  # standard deviations, as in Keras


def initialise(model, seed: int) -> None:
    """Set the trainable weights of `model` to the starting point x0 of `seed`.

    The stream depends only on the seed and on the variable's position, so SB and LB of
    one seed start from the same point. Weights that NumPy cannot draw stay as they are.
    """
    initializer_of = _initializers(model)
    for position, variable in enumerate(model.trainable_variables):
        layer, initializer = initializer_of[id(variable)]
        if draw := DRAWN.get(_draws(initializer)):
            rng = streams.generator("initial weights", seed, position)
            variable.assign(draw(initializer, tuple(variable.shape), rng, layer))


def left_as_built(model) -> list:
    """Return the variables that `initialise` leaves, where Keras may have drawn them.

    They are trained weights whose initializer NumPy cannot stand in for, weights of
    frozen layers, and other floating-point state that is not trained.
    """
    initializer_of = _initializers(model)

    def left(variables, known):
        return [v for v in variables if _draws(initializer_of[id(v)][1]) not in known]

    trained = left(model.trainable_variables, {*DRAWN, *CONSTANT})
    return trained + left(averages_of(model), CONSTANT)


def _initializers(model):
    """Return the layer and the initializer of each variable, by the variable's `id`.

    The initializer is None where the layer does not hold it.
    """
    # Outer layers come first, and inner ones own the variables.
    return {
        id(variable): (layer, _initializer(layer, variable.name))
        for layer in parts_of(model)
        for variable in layer.variables
    }


def _initializer(layer, name):
    # Keras fills a part of an LSTM's bias with ones, whatever the initializer says.
    if name == "bias" and getattr(layer, "unit_forget_bias", False):
        return None
    # For a `recurrent_kernel`, the attribute is `recurrent_initializer`.
    names = [name, name.removesuffix("_kernel")]
    # For the `kernel` of a depthwise convolution, it is `depthwise_initializer`.
    names += ["depthwise"] if name == "kernel" else []
    held = (getattr(layer, f"{name}_initializer", None) for name in names)
    return next(filter(None, held), None)


def _variance_scaling(initializer, shape, rng, layer):
    # The variance is `scale` over the fan. Glorot's fan is the mean of both.
    fan_in, fan_out = _fans(shape, layer)
    fans = {
        "fan_in": fan_in,
        "fan_out": fan_out,
        "fan_avg": np.mean([fan_in, fan_out]),
    }
    variance = initializer.scale / fans[initializer.mode]
    if initializer.distribution == "uniform":
        # A uniform distribution on [-a, a] has the variance a^2 / 3.
        limit = math.sqrt(3.0 * variance)
        return rng.uniform(-limit, limit, shape)
    if initializer.distribution == "untruncated_normal":
        return rng.normal(0.0, math.sqrt(variance), shape)
    # Truncation narrows the distribution; dividing by its deviation makes up for that.
    cut = _truncated_normal()
    return cut.rvs(shape, random_state=rng) * math.sqrt(variance) / cut.std()


def _fans(shape, layer):
    """Return how many inputs an output has, and how many outputs an input has."""
    if isinstance(layer, keras.layers.EinsumDense):
        # Attention projects by equations such as `abc,cde->abde`. Axes of the kernel
        # that the result has, d and e, count outputs; the others, c, count inputs.
        _, kernel, result = layer.equation.replace("->", ",").split(",")
        if len(kernel) == len(shape):  # it is no bias
            fan_out = math.prod(n for axis, n in zip(kernel, shape) if axis in result)
            return math.prod(shape) // fan_out, fan_out
    # A vector has as many inputs as outputs.
    *window, inputs, outputs = shape if len(shape) > 1 else 2 * (math.prod(shape),)
    # A convolution's inputs and outputs count once for each position of its window.
    return math.prod(window) * inputs, math.prod(window) * outputs


def _truncated_normal():
    from scipy.stats import truncnorm  # slow to import, and seldom needed

    return truncnorm(-TRUNCATED_AT, TRUNCATED_AT)


def _cut_normal(initializer, shape, rng, layer):
    values = _truncated_normal().rvs(shape, random_state=rng)
    return initializer.mean + initializer.stddev * values


def _normal(initializer, shape, rng, layer):
    return rng.normal(initializer.mean, initializer.stddev, shape)


def _uniform(initializer, shape, rng, layer):
    return rng.uniform(initializer.minval, initializer.maxval, shape)


def _orthogonal(initializer, shape, rng, layer):
    # The last axis has the columns. The shorter side of the matrix is orthonormal.
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
    # A positive diagonal of R makes Q uniform among the orthogonal matrices.
    q *= np.sign(np.diag(r))
    return initializer.gain * (q if rows >= columns else q.T).reshape(shape)


def _draws(initializer):
    """Return the class whose method an initializer draws with, or None.

    Glorot's and others' inherit theirs from `VarianceScaling`. A user's subclass with a
    method of its own draws something else.
    """
    kinds = type(initializer).__mro__
    return next((kind for kind in kinds if "__call__" in vars(kind)), None)


CONSTANT = {
    *(initializers.Zeros, initializers.Ones),
    *(initializers.Constant, initializers.Identity),
}
DRAWN = {
    initializers.VarianceScaling: _variance_scaling,
    initializers.RandomNormal: _normal,
    initializers.TruncatedNormal: _cut_normal,
    initializers.RandomUniform: _uniform,
    initializers.Orthogonal: _orthogonal,
}
