"""A point of a network (parameters and moving averages), and checkpoint files.

The paper's x is every trainable weight: kernels, biases, and the gamma and beta of
batch normalisation, in Keras' order.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from sharpminima.backend import keras
from sharpminima.storage import digests


@dataclass(frozen=True)
class Point:
    """Where a network is. A copy: it stays the same when the network moves on.

    Attributes:
        parameters: The paper's x, shape `(n,)`, float64.
        averages: The moving averages of batch normalisation, one array each, in Keras'
            order; with them any other floating-point state that is not trained.
    """

    parameters: np.ndarray
    averages: list[np.ndarray]


def point_of(model) -> Point:
    """Return the point where `model` is now."""
    averages = [v.numpy() for v in averages_of(model)]
    return Point(flatten(model.trainable_variables), averages)


def averages_of(model) -> list:
    """Return the variables of `model` that a `Point` holds as its averages."""
    return [v for v in model.non_trainable_variables if is_average(v)]


def is_average(variable) -> bool:
    """Tell a moving average from other state that is not trained, such as a seed."""
    # Seeds of dropout are whole numbers.
    return keras.backend.is_float_dtype(variable.dtype)


def flatten(variables) -> np.ndarray:
    """Return the values of `variables` as one float64 vector of shape `(n,)`."""
    # Networks compute in float32. Analysis does not, so that no rounding adds up.
    values = [np.asarray(variable, np.float64).ravel() for variable in variables]
    return np.concatenate(values)


def parts(model) -> list[tuple[str, slice]]:
    """Return the name of each layer that is trained, and its part of the parameters.

    Layers come in the order of the parameters. A layer is named by its path in the
    model.
    """
    found, end = [], 0
    for variable in model.trainable_variables:
        layer, start = variable.path.rpartition("/")[0], end
        end += math.prod(variable.shape)
        if found and found[-1][0] == layer:
            start = found.pop()[1].start
        found.append((layer, slice(start, end)))
    return found


def save(path: str | Path, model, attributes: Mapping) -> None:
    """Write the weights of `model` to `path`, which must end in `.weights.h5`.

    The layout is Keras' own: `load_weights` of the same model in plain Keras reads it.

    Args:
        path: The file.
        model: A built Keras model.
        attributes: What made these weights. They become attributes of the file; HDF5
            has no type for some values, which are stored as JSON.
    """
    with digests.writing(path) as weights:
        model.save_weights(weights)
        weights.check()
        with h5py.File(weights, "a") as file:
            for name, value in attributes.items():
                plain = isinstance(value, (str, int, float))
                file.attrs[name] = value if plain else json.dumps(value)


def restore(path: str | Path, model) -> Point:
    """Load the checkpoint at `path` into `model`; return the point where it is then."""
    with digests.reading(path):
        model.load_weights(path)
    return point_of(model)


def attributes(path: str | Path) -> dict:
    """Return the attributes that `save` stored in the checkpoint at `path`."""
    with digests.reading(path) as file:
        return {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in file.attrs.items()
            if name != "keras_version"  # Keras adds it
        }
