"""The size of a network: what the time of its jobs depends on."""

import math
from dataclasses import dataclass

from sharpminima.networks import flops, layers


@dataclass(frozen=True)
class Size:
    """How large a network is.

    Attributes:
        parameters: How many it trains.
        flops_per_example: FLOPs of the forward pass of one example.
        kind: `convolutional` or `dense`.
    """

    parameters: int
    flops_per_example: int
    kind: str


def of(model) -> Size:
    """Return the size of a built Keras model."""
    parameters = sum(math.prod(v.shape) for v in model.trainable_variables)
    kind = "convolutional" if layers.is_convolutional(model) else "dense"
    return Size(parameters, flops.per_example(model), kind)
