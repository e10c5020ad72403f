"""What every dataset is checked for, whatever it was read from."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sharpminima.data import datasets


def checked(
    arrays: dict[str, np.ndarray], sources: Mapping[str, Path], declared: Mapping
) -> dict[str, np.ndarray]:
    """Return `arrays` with the number of `classes`, inferred where it is not declared.

    Args:
        arrays: The four arrays by name, and what else is to be stored.
        sources: The file of each of the four, to be named in messages.
        declared: `train_examples`, `test_examples` and perhaps `classes` and
            `input_shape`.

    Raises:
        ValueError: If a set is empty, the number of examples or labels, a label, or the
            shape of an input, is not as declared, an input is not finite, or no
            training example has a label below the largest one; the message names the
            file, what was expected and what was found.
    """
    for name in ("x_train", "y_train", "x_test", "y_test"):
        split = name.removeprefix("x_").removeprefix("y_")
        _check_count(arrays[name], declared[f"{split}_examples"], sources[name])
    _check_shape(arrays, declared.get("input_shape"), sources["x_train"])
    for name in ("x_train", "x_test"):
        _check_finite(arrays[name], sources[name])
    classes = declared.get("classes")
    if classes is None:
        classes = _inferred_classes(arrays["y_train"], sources["y_train"])
    for name in ("y_train", "y_test"):
        _check_labels(arrays[name], classes, sources[name])
    return {**arrays, "classes": int(classes)}


def _check_count(array, examples, source):
    if len(array) != examples:
        raise ValueError(
            f"{source}: expected {examples} examples. Received: {len(array)}"
        )


def _check_shape(arrays, expected, source):
    shape = list(datasets.input_shape(arrays))
    if expected is not None and shape != expected:
        raise ValueError(
            f"{source}: expected inputs of shape {expected}. Received: {shape}"
        )


def _check_finite(inputs, source):
    finite = np.isfinite(inputs).reshape(len(inputs), -1).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"{source}: expected finite inputs. Received: NaN or infinity in example "
            f"{np.flatnonzero(~finite)[0]}"
        )


def _inferred_classes(labels, source):
    """Return one more than the largest label, if every label below it occurs."""
    absent = np.setdiff1d(np.arange(labels.max() + 1), labels)
    if absent.size:
        raise ValueError(
            f"{source}: expected every label from 0 to {labels.max()}, since `classes` "
            f"is not declared. Received: no {absent[0]}"
        )
    return int(labels.max()) + 1


def _check_labels(labels, classes, source):
    outside = np.flatnonzero((labels < 0) | (labels >= classes))
    if outside.size:
        raise ValueError(
            f"{source}: expected labels from 0 to {classes - 1}. "
            f"Received: {labels[outside[0]]} at position {outside[0]}"
        )
