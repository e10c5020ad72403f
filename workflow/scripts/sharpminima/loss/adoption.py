"""Checkpoints that were trained elsewhere: taken over, and compared with their file."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sharpminima.data.datasets import Dataset
from sharpminima.loss import agreement
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks import saved_models
from sharpminima.networks.parameters import Point, point_of
from sharpminima.storage.rows import ADOPTED, DIVERGED, ELSEWHERE

# What is not known of a training. Tables keep their columns, and need numbers there.
UNKNOWN = {
    **{"variant": ELSEWHERE, "batch_size": 0, "final_batch_size": 0, "optimizer": ""},
    **{"learning_rate": 0.0, "precision": "float32", "epochs": 0, "updates": 0},
    "seconds": 0.0,
}


def restore(
    path: str | Path, model, data: Dataset, *, whole: bool
) -> tuple[Point, str]:
    """Load a checkpoint from elsewhere into `model`; return the point, and its softmax.

    Args:
        path: The file: a whole model, or weights alone.
        model: The network, untrained.
        data: Both sets; the training set's first examples are what is compared on.
        whole: Whether the network is a saved model, so that the file may be compared.

    Returns:
        The point, and the name of the layer whose softmax was taken off, or nothing.

    Raises:
        Refused: If the file cannot be used, or answers otherwise than what is measured.
    """
    # As measures do: the copy is made of the untrained network.
    network = agreement.copied(model)
    saved = saved_models.restore(path, model, whole=whole)
    point = point_of(model)
    if saved is None:
        return point, ""
    agreement.check(
        *(network, point, saved.model, data.x_train),
        softmax=bool(saved.softmax),
        where=path,
    )
    return point, saved.softmax


def outcome(point: Point, data: Dataset, measured: MeasuredLoss) -> Mapping:
    """Return the row of a checkpoint: what a finished run's row has.

    Args:
        point: Where the checkpoint is.
        data: Both sets.
        measured: The measured loss of the network.

    Returns:
        Loss (nats per example) and accuracy (percent) of both sets, sizes, `status`
        (`adopted`, or `diverged` if one of these is not finite), and `UNKNOWN`.
    """
    reached = measured.measures(point)
    finite = np.isfinite(list(reached.values())).all()
    return {
        **UNKNOWN,
        "status": ADOPTED if finite else DIVERGED,
        **reached,
        "parameters": len(point.parameters),
        "classes": data.classes,
        "input_shape": "x".join(map(str, data.x_train.shape[1:])),
        "train_examples": len(data.x_train),
        "test_examples": len(data.x_test),
    }
