"""Networks of one's own: the function in the user's file is called, its model checked.

What is wrong with a model would show late otherwise, or never: the loss is measured on
a copy of it, and is the cross entropy of logits, without regularizers.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

from sharpminima import streams

EXAMPLES = 4  # of random numbers, on which the model is tried
PROBABILITIES = ("softmax", "sigmoid")


def build(network: dict, *, input_shape, classes):
    """Return the untrained model of a `networks` entry whose builder is in a file.

    Args:
        network: `builder`, `NAME.py:FUNCTION`; `file`, the path of that file; and the
            function's `options`.
        input_shape: Shape of one example.
        classes: Number of logits.

    Raises:
        ValueError: If the model cannot be trained and measured.
        Exception: What the user's code raises, with a note that says where it is.
    """
    function = network["builder"].rpartition(":")[2]
    where = f"{network['file']}:{function}"
    try:
        builder = getattr(_load(Path(network["file"])), function)
        model = builder(input_shape, classes, **network["options"])
    except Exception as error:
        given = f"input_shape={input_shape}, classes={classes}, {network['options']}"
        error.add_note(f"This is the network's own builder, {where}, given {given}.")
        raise
    check(model, where=where, input_shape=input_shape, classes=classes)
    return model


def check(model, *, where: str, input_shape, classes) -> None:
    """Refuse a model that cannot be trained and measured.

    Args:
        model: What the function returned.
        where: File and function, for the message.
        input_shape: Shape of one example.
        classes: Number of logits.

    Raises:
        ValueError: If `model` is no Keras model, cannot be copied, takes or returns
            other shapes, returns probabilities, or adds losses of its own.
    """
    import keras

    def require(fact, rule, received):
        if not fact:
            raise ValueError(f"{where}: must return {rule}. Received: {received}")

    shape, logits = (None, *input_shape), (None, classes)
    takes = getattr(model, "input_shape", None)
    returns = getattr(model, "output_shape", None)
    require(isinstance(model, keras.Model), "a Keras model", repr(model))
    copy, obstacle = _copied(model)
    kind = "a Sequential or functional model that Keras can copy"
    require(copy, kind, f"{type(model).__name__} ({obstacle})")
    require(takes == shape, f"a model with inputs of shape {shape}", takes)
    require(returns == logits, f"a model with outputs of shape {logits}", returns)
    require(model.trainable_variables, "a model with trainable weights", "none")
    batch = streams.generator("trial of a network").random((EXAMPLES, *input_shape))
    outputs, again = _call(model, batch), _call(copy, batch)
    faithful = np.allclose(outputs, again, rtol=1e-3, atol=1e-5, equal_nan=True)
    require(faithful, f"{kind}, layers with all their settings", "a copy that differs")
    received = _probabilities(model, outputs)
    require(not received, "a model with logits, nothing after the last layer", received)
    losses = len(model.losses)
    require(not losses, "a model without regularizers or other losses", losses)


def _load(path):
    """Run the file at `path`: never its bytecode, which a quick edit can outlive."""
    spec = importlib.util.spec_from_file_location("own_builder", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    exec(spec.loader.source_to_code(path.read_bytes(), path), module.__dict__)
    return module


def _copied(model):
    """Return a copy of `model` made as for the measured loss, or None and why."""
    import keras

    def anew(layer):
        return layer.__class__.from_config(layer.get_config())

    try:
        copy = keras.models.clone_model(model, clone_function=anew)
        copy.set_weights(model.get_weights())
    except Exception as error:
        return None, " ".join(str(error).split())
    return copy, None


def _call(model, batch):
    import keras

    outputs = model(keras.ops.cast(batch, keras.config.floatx()), training=False)
    return keras.ops.convert_to_numpy(outputs)


def _probabilities(model, outputs):
    """Return what makes the outputs of `model` look like probabilities, or nothing."""
    last = model.layers[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    if activation in PROBABILITIES or type(last).__name__.lower() in PROBABILITIES:
        return f"{activation or type(last).__name__} in layer {last.name}"
    within = (outputs >= 0).all() and (outputs <= 1).all()
    if within and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
        return "rows of numbers from 0 to 1 that sum to 1"
    return ""
