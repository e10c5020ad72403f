"""The backend: TensorFlow or JAX, whichever KERAS_BACKEND names, and never both.

Keras itself reads KERAS_BACKEND. The Snakefile sets it to the config's `backend`, and
jobs inherit it. Other modules take Keras from here, so that it loads with the right
backend; what differs between the two is behind these few names.
"""

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager

match os.environ.setdefault("KERAS_BACKEND", "tensorflow"):
    case "tensorflow":
        from sharpminima.backends import tensorflow as _chosen
    case "jax":
        from sharpminima.backends import jax as _chosen
    case other:
        raise ValueError(
            f"KERAS_BACKEND must be `tensorflow` or `jax`. Received: {other!r}"
        )

keras = _chosen.keras
WAYS = _chosen.WAYS
configure = _chosen.configure
tensor_float_32 = _chosen.tensor_float_32
to_device = _chosen.to_device
traced = _chosen.traced
value_and_gradients = _chosen.value_and_gradients
vector_product = _chosen.vector_product
loss_and_correct = _chosen.loss_and_correct
cross_entropies = _chosen.cross_entropies

# A process works on one network, so that it has one way of compiling: by default the
# first one, which every network can go.
_way = WAYS[0]


def compile_by(way: str) -> None:
    """Let what is compiled from here on be compiled in one of the `WAYS`.

    Raises:
        ValueError: If the backend has no such way.
    """
    global _way
    if way not in WAYS:
        raise ValueError(f"`way` must be one of {WAYS}. Received: {way!r}")
    _way = way


def compiled(function):
    """Return `function`, of tensors, compiled."""
    return _chosen.compiled(function, _way)


def epoch_runner(model, optimizer, x, y, **variant):
    """Return what trains one epoch; see the function of that name in either backend."""
    return _chosen.epoch_runner(model, optimizer, x, y, _way, **variant)


def describe() -> dict[str, str]:
    """Return what computes: the device, how it compiles, the versions of packages."""
    return {"device": _chosen.device(), "way": _way, "versions": _chosen.versions()}


def on_device(dataset):
    """Return a `datasets.Dataset` whose arrays lie on the device, once for all uses."""
    names = ("x_train", "y_train", "x_test", "y_test")
    arrays = {name: to_device(getattr(dataset, name)) for name in names}
    return dataclasses.replace(dataset, **arrays)


@contextmanager
def enough_memory(lower: str) -> Iterator[None]:
    """Say which settings to `lower` where the device's memory does not do.

    Batches are never cut: the moments of batch normalisation would be those of the
    pieces, which makes another function of the same weights.

    Raises:
        MemoryError: If the device had no memory left.
    """
    try:
        yield
    except Exception as error:
        if not _chosen.is_out_of_memory(error):
            raise
        raise MemoryError(
            f"The device's memory is too small. Lower {lower}, or use another device."
        ) from error
