"""Parameters: trainable weights as one flat vector, and checkpoint files.

The paper's x is every trainable weight: kernels, biases, and the gamma and beta of
batch normalisation, in Keras' order.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from sharpminima.files import replacing


def flatten(variables) -> np.ndarray:
    """Return the values of `variables` as one float64 vector of shape `(n,)`."""
    values = [np.asarray(variable, np.float64).ravel() for variable in variables]
    return np.concatenate(values)


def save(path: str | Path, model, attributes: Mapping) -> None:
    """Write the weights of `model` to `path`, which must end in `.weights.h5`.

    The layout is Keras' own: `load_weights` of the same model in plain Keras reads it.

    Args:
        path: The file.
        model: A built Keras model.
        attributes: What made these weights; stored as attributes of the file, values
            that HDF5 has no type for as JSON.
    """
    with replacing(path) as temporary:
        model.save_weights(temporary)
        with h5py.File(temporary, "a") as file:
            for name, value in attributes.items():
                plain = isinstance(value, (str, int, float))
                file.attrs[name] = value if plain else json.dumps(value)


def restore(path: str | Path, model) -> np.ndarray:
    """Load the checkpoint at `path` into `model`; return its parameters, `(n,)`."""
    model.load_weights(path)
    return flatten(model.trainable_variables)


def attributes(path: str | Path) -> dict:
    """Return the attributes that `save` stored in the checkpoint at `path`."""
    with h5py.File(path) as file:
        return {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in file.attrs.items()
            if name != "keras_version"
        }
