"""Floating-point operations (FLOPs) of a network, estimated from its layers.

We count the multiplications and additions of dense and convolutional layers, which take
nearly all of the time. We neglect biases, batch normalisation, activations, pooling,
dropout, the loss, the optimizer, and the vectors of the search for the sharpness.
"""

import math

from sharpminima.networks.layers import convolutions, layers_of


def per_example(model) -> int:
    """Return the FLOPs of the forward pass of one example.

    A dense layer takes `2 in out`; a convolution takes `2 k k in out` at every position
    of its output.

    Args:
        model: A built Keras model, channels last.
    """
    from keras import layers

    kinds = (layers.Dense, *convolutions())
    # Each position of the output uses each weight of the kernel once: it multiplies
    # and adds. The output of a dense layer has one position.
    return sum(
        2 * math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
        for layer in layers_of(model)
        if isinstance(layer, kinds)
    )
