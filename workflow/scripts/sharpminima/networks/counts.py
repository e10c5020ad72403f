"""How many parameters the paper's networks have, counted without building them.

A config may ask for a network that no machine can build. Knows nothing of Keras.
"""

import math
from collections.abc import Mapping, Sequence

from sharpminima.networks.builders import DEEP_BLOCKS

OF_NORMALISED = 3  # a bias, and batch normalisation's gamma and beta, of each neuron


def parameters(
    network: Mapping, input_shape: Sequence[int], classes: int
) -> int | None:
    """Return the number of trained parameters of a network; None if nobody knows it.

    Args:
        network: A `networks` entry of the config: its `builder` and `options`.
        input_shape: Shape of one example; of images, `(height, width, channels)`.
        classes: Number of logits.
    """
    inputs, dense, total = math.prod(input_shape), [], 0
    match network["builder"]:
        case "fully_connected":
            options = network["options"]
            units, hidden = options["units"], options["hidden_layers"]
            # The layers after the first hidden one are alike, and may be many.
            total += (hidden - 1) * (units + OF_NORMALISED) * units
            dense = [units]
        case "shallow_convolutional" if len(input_shape) == 3:
            inputs, total = _convolutions(input_shape, [[64], [64]], kernel=5)
            dense = [384, 192]
        case "deep_convolutional" if len(input_shape) == 3:
            blocks = [[filters] * len(rates) for filters, rates in DEEP_BLOCKS]
            inputs, total = _convolutions(input_shape, blocks, kernel=3)
            dense = [512]
        case _:
            return None
    for units in dense:
        total += (inputs + OF_NORMALISED) * units
        inputs = units
    return total + (inputs + 1) * classes


def _convolutions(input_shape, blocks, kernel):
    """Return how many outputs blocks of convolutions have, and their parameters.

    Args:
        input_shape: Shape of one image.
        blocks: The filters of each convolution, block by block. A pooling, which halves
            the image, ends a block.
        kernel: Height and width of a kernel.
    """
    height, width, channels = input_shape
    total = 0
    for block in blocks:
        for filters in block:
            total += (kernel**2 * channels + OF_NORMALISED) * filters
            channels = filters
        height, width = math.ceil(height / 2), math.ceil(width / 2)
    return height * width * channels, total
