"""The backend: TensorFlow or JAX, whichever KERAS_BACKEND names, and never both.

Keras itself reads KERAS_BACKEND. The Snakefile sets it to the config's `backend`, and
jobs inherit it. Other modules import Keras from here, so that it loads with the right
backend. The functions here hide what differs between the two.
"""

import dataclasses
import itertools
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sharpminima.backends import environment

# Before the libraries are imported, which read these variables.
_removed = environment.remove_altering()

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
# Keras takes these from the user's ~/.keras/keras.json, which may say anything.
keras.config.set_floatx("float32")
keras.config.set_image_data_format("channels_last")
keras.config.set_epsilon(1e-7)
keras.config.set_dtype_policy("float32")

WAYS = _chosen.WAYS
# The backend's own functions, and their docstrings. The functions further down add the
# way of compiling, or say at length what both backends do alike.
tensor_float_32 = _chosen.tensor_float_32
to_device = _chosen.to_device
traced = _chosen.traced
device_names = _chosen.device_names

# A process works on one network, so it compiles in one way. The first way can compile
# every network and is the default.
_way = WAYS[0]


def configure(threads: int) -> None:
    """Make this process deterministic, in full float32, on at most `threads` cores.

    Call it before anything is computed.
    """
    for name, value in _removed.items():
        logging.warning("Ignored, as it may alter results: %s=%s", name, value)
    _chosen.configure(threads)


def compile_by(way: str) -> None:
    """Set the way, one of the `WAYS`, to compile everything from here on.

    Raises:
        ValueError: If the backend has no such way.
    """
    global _way
    if way not in WAYS:
        raise ValueError(f"`way` must be one of {WAYS}. Received: {way!r}")
    _way = way


def compiled(function):
    """Return a `function` of tensors, compiled in the way that is set.

    Use `traced` for operations that XLA may lack.
    """
    return _chosen.compiled(function, _way)


def epoch_runner(model, optimizer, x, y, *, objective=None, around=None):
    """Return `run(batches, views, due)`, which trains `model` in place for one epoch.

    `batches` is a list of index arrays; each makes one update. `views` are arrays like
    `x`, by default `(x,)`: training sees the first, and `objective` sees all.

    `run` is a generator. It pauses where `due()` is true, and after the last update.
    Only there do the variables have the values of all updates so far. It yields what
    each update since the last pause saw: the summed loss, the number of correct answers
    and the number of examples (see `summed`). Where it pauses alters no bit.

    Args:
        model: Keras model that returns logits.
        optimizer: Keras optimizer, built on the model's trainable variables.
        x: All inputs on the device, shape `(N, ...)`.
        y: All labels on the device, shape `(N,)`.
        objective: A function `objective(loss, logits, again, labels, *inputs)` that
            returns what an update minimises; by default the mean loss itself. Penalties
            of the model, such as regularizers, are added to it, as in Keras. It gets
            the batch's mean `loss`, the `logits` behind it, its `labels`, and its
            inputs in each view. `again(inputs)` returns the logits of another pass with
            the same dropout. That pass normalises by the moments of its own inputs and
            leaves no trace in the moving averages.
        around: A function of an update that returns another one, such as
            `conservative`.
    """
    return _chosen.epoch_runner(
        *(model, optimizer, x, y, _way), objective=objective, around=around
    )


def summed(parts) -> tuple[float, float, int]:
    """Return loss, correct answers and examples of all updates that `run` yielded."""
    loss, correct, examples = zip(*itertools.chain.from_iterable(parts))
    return sum(loss), sum(correct), sum(examples)


def value_and_gradients(function, *arguments):
    """Return what `function` returns, and the gradients of the scalar in it.

    Args:
        function: Returns a scalar and anything else, as a pair.
        arguments: Arguments of `function`; there is a gradient by each, which is zero
            where the scalar does not depend on it.
    """
    return _chosen.value_and_gradients(function, *arguments)


def vector_product(function, argument, weights):
    """Return the gradient of the inner product of `weights` with `function(argument)`.

    Args:
        function: Returns a list of tensors.
        argument: The gradient is by this argument, at its value.
        weights: A tensor for each that `function` returns, of the same shape.
    """
    return _chosen.vector_product(function, argument, weights)


def derivative(function, arguments, directions):
    """Return how fast `function(*arguments)` changes along `directions`.

    Args:
        function: Returns tensors, or lists of them.
        arguments: A list of tensors, or of lists of them.
        directions: Tensors of the same shapes, in the same lists.
    """
    return _chosen.derivative(function, arguments, directions)


def hessian_product(function, arguments, directions):
    """Return the Hessian of the scalar `function(*arguments)`, times `directions`.

    The Hessian is by all arguments together. There is a part of the product for each.

    Args:
        function: Returns a scalar.
        arguments: A list of tensors, or of lists of them.
        directions: Tensors of the same shapes, in the same lists.
    """
    return _chosen.hessian_product(function, arguments, directions)


def cross_entropies(labels, logits, precision=None):
    """Return the cross entropy of each example, shape `(N,)`, in nats.

    Args:
        labels: Integer labels, shape `(N,)`.
        logits: Logits, shape `(N, classes)`.
        precision: In which it is computed, such as `float64`; by default Keras' own.
    """
    return _chosen.cross_entropies(labels, logits, precision)


def loss_and_correct(labels, logits):
    """Return the sum of the cross entropies (nats, float64), and of correct answers.

    Args:
        labels: Integer labels, shape `(N,)`.
        logits: Logits, shape `(N, classes)`.
    """
    return _chosen.loss_and_correct(labels, logits)


def describe() -> dict[str, str]:
    """Return the device, the way of compiling and the versions of the packages."""
    return {"device": _chosen.device(), "way": _way, "versions": _chosen.versions()}


def dataset_to_device(dataset):
    """Return a `datasets.Dataset` with its arrays on the device.

    Training and evaluation then share one copy of the data.
    """
    names = ("x_train", "y_train", "x_test", "y_test")
    arrays = {name: to_device(getattr(dataset, name)) for name in names}
    return dataclasses.replace(dataset, **arrays)


@contextmanager
def enough_memory(setting: str, regime: str | None = None) -> Iterator[None]:
    """Turn an out-of-memory error, also of the host, into advice on what to lower.

    Batches are never cut into pieces: batch normalisation would take the moments of the
    pieces, which makes another function of the same weights.

    Args:
        setting: The setting of the config that may be too large.
        regime: A regime whose batch may be too large as well, if any.

    Raises:
        MemoryError: If the device or the host had no memory left.
    """
    try:
        yield
    except Exception as error:
        if not (isinstance(error, MemoryError) or _chosen.is_out_of_memory(error)):
            raise
        raise MemoryError(
            "The memory is too small. Lower "
            + (f"the batch of regime {regime} or " if regime else "")
            + f"`{setting}`, run fewer jobs side by side, or use another device."
        ) from error
