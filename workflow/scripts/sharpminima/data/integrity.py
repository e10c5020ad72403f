"""Checks that every dataset must pass, whatever its format.

Readers compare what a file declares with the catalogue before they take memory for it.
`checked` then looks at the values.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from sharpminima.data import datasets

# Limits of an array whose shape the catalogue does not declare: what any machine has,
# and how many times as large as its file an honest compressed array may be.
SMALL = 1 << 26  # bytes
UNFOLDED = 100
LARGEST_NUMBER = 16  # bytes
MOST_DIMENSIONS = 32  # HDF5, in which prepared data are stored, has no more


def limit(paths: Iterable[Path], declared: Mapping) -> int:
    """Return the most bytes that one array of a dataset may take.

    Without `input_shape` in the catalogue it depends on the size of the files.

    Args:
        paths: All files of the dataset.
        declared: The dataset's entry in the catalogue.
    """
    if "input_shape" in declared:
        examples = max(declared["train_examples"], declared["test_examples"])
        values = examples * math.prod(declared["input_shape"])
        return SMALL + LARGEST_NUMBER * values
    return max(SMALL, UNFOLDED * sum(path.stat().st_size for path in paths))


def check_shape(
    path: Path, name: str, shape: tuple[int, ...], declared: Mapping
) -> None:
    """Refuse an array by its shape, before its values are read.

    Args:
        path: Its file, for the message.
        name: One of `datasets.ARRAYS`.
        shape: The shape that the file says.
        declared: The dataset's entry in the catalogue.

    Raises:
        ValueError: If there are not as many examples as declared, there are too many
            dimensions, or inputs are empty or have another shape than declared.
    """
    kind, split = name.split("_")
    examples = declared[f"{split}_examples"]
    if not shape or shape[0] != examples:
        raise ValueError(
            f"{path}: expected {examples} examples. "
            f"Received: {shape[0] if shape else 'a single value'} in {name}"
        )
    if kind == "x" and (len(shape) == 1 or 0 in shape):
        raise ValueError(
            f"{path}: expected inputs with one value at least. "
            f"Received: {name} of shape {shape}"
        )
    if len(shape) > MOST_DIMENSIONS:
        raise ValueError(
            f"{path}: expected at most {MOST_DIMENSIONS} dimensions. "
            f"Received: {len(shape)} in {name}"
        )
    # For speech, `input_shape` counts the neighbours, which `datasets.read` adds.
    expected = declared.get("input_shape")
    if kind == "x" and expected and "context" not in declared.get("options", {}):
        _check_input_shape(path, list(shape[1:]), expected)


def checked(
    arrays: dict[str, np.ndarray], sources: Mapping[str, Path], declared: Mapping
) -> dict[str, np.ndarray]:
    """Return `arrays` with labels in int32 and `classes`, the number of classes.

    Args:
        arrays: The four `datasets.ARRAYS`, and others to be stored. Labels may be of
            any integer type.
        sources: Array name -> its file, for messages.
        declared: The dataset's entry in the catalogue: `train_examples`,
            `test_examples`, and `classes` and `input_shape` where it has them. Without
            `classes` their number is inferred.

    Raises:
        ValueError: If an array has another shape than declared, labels have more than
            one dimension, the inputs of both sets differ in shape, inputs are not
            finite, or a label is not below the number of classes; without `classes`, if
            a label below the largest one is missing in the training set. The message
            names the file.
    """
    for name in datasets.ARRAYS:
        check_shape(sources[name], name, arrays[name].shape, declared)
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
    labels = {}
    for name in ("y_train", "y_test"):
        given = arrays[name]
        # Labels are kept in 32 bits, however many classes are declared.
        outside = np.flatnonzero((given < 0) | (given >= min(classes, 1 << 31)))
        if outside.size:
            raise ValueError(
                f"{sources[name]}: expected labels from 0 to {classes - 1}. "
                f"Received: {given[outside[0]]} at position {outside[0]}"
            )
        labels[name] = given.astype(np.int32)
    return {**arrays, **labels, "classes": int(classes)}


def _check_inputs(arrays, sources, declared):
    """Refuse inputs of another shape than declared, and inputs that are not finite."""
    # For speech, this counts the neighbours, which `datasets.read` adds.
    shape = list(datasets.input_shape(arrays))
    _check_input_shape(sources["x_train"], shape, declared.get("input_shape", shape))
    train, test = arrays["x_train"].shape[1:], arrays["x_test"].shape[1:]
    if train != test:
        raise ValueError(
            f"{sources['x_test']}: expected inputs of shape {train} in x_test, as in "
            f"x_train. Received: {test}"
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


def _check_input_shape(path, shape, expected):
    if shape != list(expected):
        raise ValueError(
            f"{path}: expected inputs of shape {list(expected)}. Received: {shape}"
        )


def _inferred_classes(labels, source):
    """Return one more than the largest label, if every label below it occurs."""
    classes = max(int(labels.max()), 0) + 1
    found = np.unique(labels[labels >= 0])
    # Compare with as many numbers as there are labels: the largest one may be huge.
    absent = np.flatnonzero(found != np.arange(len(found)))
    if absent.size:
        raise ValueError(
            f"{source}: expected every label from 0 to {classes - 1}, since `classes` "
            f"is not declared. Received: no {absent[0]}"
        )
    return classes
