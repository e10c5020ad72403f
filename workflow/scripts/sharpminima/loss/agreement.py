"""Whether what is measured answers as the model that it was made of."""

import numpy as np

from sharpminima.backend import keras
from sharpminima.loss.batch_norm import copy_of
from sharpminima.loss.compiled import CompiledNetwork
from sharpminima.networks.parameters import Point
from sharpminima.storage.errors import Refused

EXAMPLES = 64  # on which both must agree
# Rounding alone may part them: of the largest output, and of each.
ABSOLUTE, RELATIVE = 1e-4, 1e-3


def copied(model) -> CompiledNetwork:
    """Return a copy of a model as measures make it, with moving averages."""
    return CompiledNetwork(copy_of(model, batch_moments=False))


def check(
    network: CompiledNetwork, point: Point, model, inputs, *, softmax: bool, where
) -> None:
    """Refuse a network that, at a point, answers otherwise than a model.

    Args:
        network: A copy of the model as measures use it.
        point: Where it is measured.
        model: The Keras model at the same point, as it was saved.
        inputs: Examples. The first ones are tried.
        softmax: Whether the model ends in a softmax, which the network lacks.
        where: The model's file or name, for the message.

    Raises:
        Refused: If an output differs by more than rounding.
    """
    inputs = inputs[:EXAMPLES]
    picked = np.arange(len(inputs), dtype=np.int32)
    ours = network.logits(point.parameters, point.averages, (inputs, picked, picked))
    if softmax:
        ours = keras.ops.convert_to_numpy(keras.ops.softmax(ours))
    theirs = keras.ops.convert_to_numpy(model(inputs, training=False))
    # A training that diverged may have left a model that answers NaN.
    scale = np.nanmax(np.abs(theirs), initial=0.0)
    alike = {"rtol": RELATIVE, "atol": ABSOLUTE * scale, "equal_nan": True}
    if not np.allclose(ours, theirs, **alike):
        raise Refused(
            f"{where}: expected a model that answers alike when its weights are loaded "
            "into a copy of it. Received: outputs that differ by "
            f"{np.nanmax(np.abs(ours - theirs), initial=0.0):.2g} of {scale:.2g}. A "
            "layer keeps a state that its weights do not hold"
        )
