"""Checks that every dataset must pass, whatever its format."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sharpminima.data import datasets


def checked(
    arrays: dict[str, np.ndarray], sources: Mapping[str, Path], declared: Mapping
) -> dict[str, np.ndarray]:
    """Return `arrays` with `classes`, the number of classes; infer it if not declared.

    Args:
        arrays: The four `datasets.ARRAYS`, and others to be stored.
        sources: Array name -> its file, for messages.
        declared: The dataset's entry in the catalogue: `train_examples`,
            `test_examples`, and `classes` and `input_shape` where it has them.

    Raises:
        ValueError: If a set does not have the declared number of examples and labels,
            labels have more than one dimension, inputs have another shape than declared
            or are not finite, or a label is not below the number of classes; without
            `classes`, if a label below the largest one is missing in the training set.
            The message names the file.
    """
    for name in datasets.ARRAYS:
        _, split = name.split("_")
        examples = declared[f"{split}_examples"]
        if len(arrays[name]) != examples:
            raise ValueError(
                f"{sources[name]}: expected {examples} examples. "
                f"Received: {len(arrays[name])}"
            )
    for name in ("y_train", "y_test"):
        if arrays[name].ndim != 1:
            raise ValueError(
                f"{sources[name]}: expected one label for each example, in one "
                f"dimension. Received: {name} of shape {arrays[name].shape}"
            )
    _check_inputs(arrays, sources, declared)
    classes = declared.get("classes")
    if classes is None:
        classes = _inferred_classes(arrays["y_train"], sources["y_train"])
    for name in ("y_train", "y_test"):
        labels = arrays[name]
        outside = np.flatnonzero((labels < 0) | (labels >= classes))
        if outside.size:
            raise ValueError(
                f"{sources[name]}: expected labels from 0 to {classes - 1}. "
                f"Received: {labels[outside[0]]} at position {outside[0]}"
            )
    return {**arrays, "classes": int(classes)}


def _check_inputs(arrays, sources, declared):
    """Refuse inputs of another shape than declared, and inputs that are not finite."""
    # For speech, this counts the neighbours, which `datasets.read` adds.
    shape = list(datasets.input_shape(arrays))
    if shape != declared.get("input_shape", shape):
        raise ValueError(
            f"{sources['x_train']}: expected inputs of shape "
            f"{declared['input_shape']}. Received: {shape}"
        )
    # One NaN in an input would make every loss NaN, long after this job.
    for name in ("x_train", "x_test"):
        every = np.isfinite(arrays[name])
        finite = every.reshape(len(every), -1).all(axis=1)
        if not finite.all():
            raise ValueError(
                f"{sources[name]}: expected finite inputs. Received: NaN or infinity "
                f"in example {np.flatnonzero(~finite)[0]}"
            )


def _inferred_classes(labels, source):
    """Return one more than the largest label, if every label below it occurs."""
    classes = int(labels.max()) + 1
    absent = np.setdiff1d(np.arange(classes), labels)
    if absent.size:
        raise ValueError(
            f"{source}: expected every label from 0 to {classes - 1}, since `classes` "
            f"is not declared. Received: no {absent[0]}"
        )
    return classes
