"""The measured loss of a Keras model that you have in hand, for use from Python."""

import numpy as np

from sharpminima.backend import keras
from sharpminima.data.datasets import Dataset
from sharpminima.data.readers import arrays
from sharpminima.loss import agreement
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks import safe_configs
from sharpminima.networks.own import EXAMPLES, check_logits
from sharpminima.networks.parameters import Point, point_of


def measured_loss(
    model, x, y, *, test=None, batch_norm: str = "moving", batch_size: int = 1000
) -> tuple[MeasuredLoss, Point]:
    """Return the measured loss of a model on your data, and the point where it is now.

    Args:
        model: A Sequential or functional Keras model with one output: logits, or a
            final softmax, which is taken off a copy.
        x: Inputs of the training set, shape `(N, ...)`, as the model takes them.
        y: Its labels: whole numbers `(N,)` or `(N, 1)`, or one-hot `(N, classes)`.
        test: Inputs and labels of the test set; by default those of the training set.
        batch_norm: One of `batch_norm.POLICIES`. `moving` is how Keras evaluates.
        batch_size: Largest number of examples evaluated at a time.

    Raises:
        Refused: If the model has several outputs or ends in a sigmoid, or if a copy of
            it answers otherwise.
        ValueError: If labels do not fit, or if the model returns probabilities.
    """
    given, where = model, f"model {model.name}"
    model, softmax = _with_logits(given, where)
    classes = model.output_shape[-1]
    sets = {}
    for split, (inputs, labels) in {"train": (x, y), "test": test or (x, y)}.items():
        labels = arrays.labels(split, "labels", np.asarray(labels), classes)
        if labels.dtype.kind not in "iu" or not np.isin(labels, range(classes)).all():
            raise ValueError(
                f"{split}: expected labels that are whole numbers from 0 to "
                f"{classes - 1}. Received: {labels.dtype}, from {labels.min()} to "
                f"{labels.max()}"
            )
        if len(labels) != len(inputs):
            raise ValueError(
                f"{split}: expected a label for each of {len(inputs)} inputs. "
                f"Received: {len(labels)}"
            )
        sets |= {f"x_{split}": np.asarray(inputs, np.float32)}
        sets |= {f"y_{split}": labels.astype(np.int32)}
    data = Dataset(**sets, classes=classes)
    few = keras.ops.convert_to_numpy(model(data.x_train[:EXAMPLES], training=False))
    check_logits(model, where, few)
    loss = MeasuredLoss(model, data, batch_norm=batch_norm, batch_size=batch_size)
    point = point_of(model)
    agreement.check(
        *(agreement.copied(model), point, given, data.x_train),
        softmax=softmax,
        where=where,
    )
    return loss, point


def _with_logits(model, where):
    """Return `model`, or a copy without its final softmax, and whether it had one."""
    config = keras.saving.serialize_keras_object(model)
    config.pop("compile_config", None)
    config, softmax = safe_configs.without_softmax(config, where)
    if not softmax:
        return model, False
    copy = keras.saving.deserialize_keras_object(config)
    copy.set_weights(model.get_weights())
    return copy, True
