"""Your own networks: runs the function in your file and checks the model it returns.

A mistake in a model would show late or never without these checks. The loss is measured
on a copy of the model, and it is the cross entropy of logits.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

from sharpminima import streams
from sharpminima.backend import keras
from sharpminima.networks import copies, repeatable

EXAMPLES = 4  # random inputs in each of two batches, on which the model is tried
PROBABILITIES = {"softmax", "sigmoid"}


def build(network: dict, *, input_shape, classes):
    """Return the untrained model of a `networks` entry whose builder is in a file.

    Args:
        network: `builder`, `NAME.py:FUNCTION`; `file`, the path of that file; and the
            function's `options`.
        input_shape: Shape of one example.
        classes: Number of logits.

    Raises:
        ValueError: If the model cannot be trained and measured.
        Exception: If the user's code fails; a note says which function was called.
    """
    function = network["builder"].rpartition(":")[2]
    where = f"{network['file']}:{function}"
    try:
        builder = getattr(_module(Path(network["file"])), function)
        model = builder(input_shape, classes, **network["options"])
    except Exception as error:
        error.add_note(
            f"This is the network's own builder, {where}, given "
            f"input_shape={input_shape}, classes={classes}, {network['options']}."
        )
        raise
    check(model, where=where, input_shape=input_shape, classes=classes)
    return model


def check(model, *, where: str, input_shape, classes) -> None:
    """Refuse a model that cannot be trained and measured.

    Args:
        model: What the user's function returned.
        where: File and function, for the message.
        input_shape: Shape of one example.
        classes: Number of logits.

    Raises:
        ValueError: If `model` is no Keras model, cannot be copied, has other shapes of
            input or output, has no trainable weights, answers at random, or returns
            probabilities.
    """
    if not isinstance(model, keras.Model):
        raise ValueError(f"{where}: must return a Keras model. Received: {model!r}")
    copy = _copy(model, where)
    _check_shapes(model, where, input_shape, classes)
    if not model.trainable_variables:
        raise ValueError(
            f"{where}: must return a model with trainable weights. Received: none"
        )

    rng = streams.generator("trial of a network")
    trial = rng.random((2 * EXAMPLES, *input_shape))
    repeatable.check(
        *(lambda indices: _outputs(model, trial[indices]), 2 * EXAMPLES),
        where=where,
        batches_matter=True,  # a study may measure by the moments of each batch
    )
    # A copy loses the settings that a layer's `get_config` leaves out. Other answers to
    # the same inputs show it.
    outputs, again = (_outputs(each, trial[:EXAMPLES]) for each in (model, copy))
    if not np.allclose(outputs, again, rtol=1e-3, atol=1e-5, equal_nan=True):
        raise ValueError(
            f"{where}: must return a Sequential or functional model that Keras can "
            "copy, layers with all their settings. Received: a copy that differs"
        )
    check_logits(model, where, outputs)


def _copy(model, where):
    """Return a copy of a model, made as the one on which the loss is measured."""
    try:
        return copies.copy_of(model)
    except Exception as error:
        raise ValueError(
            f"{where}: must return a Sequential or functional model that Keras can "
            f"copy. Received: {type(model).__name__} ({' '.join(str(error).split())})"
        ) from error


def _check_shapes(model, where, input_shape, classes):
    """Refuse a model whose inputs or outputs have another shape than the dataset."""
    # A Sequential model that was never built has no shapes.
    takes = getattr(model, "input_shape", None)
    if takes != (None, *input_shape):
        raise ValueError(
            f"{where}: must return a model with inputs of shape "
            f"{(None, *input_shape)}. Received: {takes}"
        )
    returns = getattr(model, "output_shape", None)
    if returns != (None, classes):
        raise ValueError(
            f"{where}: must return a model with outputs of shape {(None, classes)}. "
            f"Received: {returns}"
        )


def check_logits(model, where: str, outputs: np.ndarray) -> None:
    """Refuse a model that returns probabilities, by its last layer or its `outputs`.

    The loss takes a softmax. On top of another one, training would run, but badly.

    Args:
        model: A Keras model.
        where: What is refused, for the message.
        outputs: What the model answers to some inputs, shape `(N, classes)`.

    Raises:
        ValueError: If it returns probabilities.
    """
    last = model.layers[-1]
    kind = type(last).__name__
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    if {activation, kind.lower()} & PROBABILITIES:
        raise ValueError(
            f"{where}: must return a model with logits, nothing after the last layer. "
            f"Received: {activation or kind} in layer {last.name}"
        )
    # Probabilities can also come from a layer that says nothing of it.
    sums_to_one = np.allclose(outputs.sum(axis=1), 1, atol=1e-3)
    if sums_to_one and (outputs >= 0).all() and (outputs <= 1).all():
        raise ValueError(
            f"{where}: must return a model with logits, nothing after the last layer. "
            "Received: rows of numbers from 0 to 1 that sum to 1"
        )


def _module(path):
    """Return the module in the file at `path`, run from its source.

    Python would reuse bytecode of the same second and size: a quick edit would be lost.
    """
    spec = importlib.util.spec_from_file_location("own_builder", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up their module there
    exec(spec.loader.source_to_code(path.read_bytes(), path), module.__dict__)
    return module


def _outputs(model, batch):
    outputs = model(keras.ops.cast(batch, keras.config.floatx()), training=False)
    return keras.ops.convert_to_numpy(outputs)
