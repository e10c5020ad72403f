"""Arrays that are not as declared are refused, and the error names the file."""

import numpy as np
import pytest

from examples import idx_file
from sharpminima.data import integrity
from sharpminima.data.readers import registry

DECLARED = {"train_examples": 6, "test_examples": 4, "classes": 3}


def test_classes_are_inferred_where_they_are_not_declared(raw):
    declared = {k: v for k, v in DECLARED.items() if k != "classes"}
    assert registry.load(raw, reader="idx", declared=declared)["classes"] == 3
    labels = np.array([0, 1, 3, 0, 1, 3], np.uint8)
    raw["train-labels-idx1-ubyte.gz"].write_bytes(idx_file(labels))
    with pytest.raises(ValueError, match="train-labels.* from 0 to 3.* no 2"):
        registry.load(raw, reader="idx", declared=declared)


def test_inputs_must_have_the_shape_that_is_declared(raw):
    registry.load(raw, reader="idx", declared=DECLARED | {"input_shape": [5, 5]})
    with pytest.raises(
        ValueError, match=r"train-images.* \[5, 6\]. Received: \[5, 5\]"
    ):
        registry.load(raw, reader="idx", declared=DECLARED | {"input_shape": [5, 6]})


def test_a_test_label_that_training_never_saw_is_found(raw):
    labels = np.array([0, 1, 2, 3], np.uint8)
    raw["t10k-labels-idx1-ubyte.gz"].write_bytes(idx_file(labels))
    declared = {k: v for k, v in DECLARED.items() if k != "classes"}
    with pytest.raises(ValueError, match="t10k-labels.* 0 to 2. Received: 3"):
        registry.load(raw, reader="idx", declared=declared)


def test_an_empty_set_is_found(raw):
    empty = np.zeros((0, 5, 5), np.uint8)
    raw["t10k-images-idx3-ubyte.gz"].write_bytes(idx_file(empty))
    message = "t10k-images-idx3-ubyte.gz: expected 4 examples. Received: 0"
    with pytest.raises(ValueError, match=message):
        registry.load(raw, reader="idx", declared=DECLARED)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"train_examples": 7},
            "train-images-idx3-ubyte.gz: expected 7 examples. Received: 6",
        ),
        (
            {"test_examples": 3},
            "t10k-images-idx3-ubyte.gz: expected 3 examples. Received: 4",
        ),
        (
            {"classes": 2},
            "train-labels.*: expected labels from 0 to 1. Received: 2 at position 2",
        ),
    ],
)
def test_what_was_declared_is_checked(raw, change, message):
    with pytest.raises(ValueError, match=message):
        registry.load(raw, reader="idx", declared={**DECLARED, **change})


def test_a_label_without_an_image_is_found(raw):
    raw["train-labels-idx1-ubyte.gz"].write_bytes(idx_file(np.zeros(5, np.uint8)))
    with pytest.raises(
        ValueError, match="train-labels.*: expected 6 examples. Received: 5"
    ):
        registry.load(raw, reader="idx", declared=DECLARED)


@pytest.mark.parametrize("name", ["y_train", "y_test"])
def test_labels_in_several_dimensions_are_refused(name):
    """Such as one-hot labels, one row for each example."""
    arrays = {"x_train": np.zeros((6, 5)), "y_train": np.arange(6) % 3}
    arrays |= {"x_test": np.zeros((4, 5)), "y_test": np.arange(4) % 3}
    arrays[name] = np.eye(3, dtype=int)[arrays[name]]
    sources = {array: f"{array}.npy" for array in arrays}
    message = rf"{name}.npy: expected one label for each .*{name} of shape \(\d, 3\)"
    with pytest.raises(ValueError, match=message):
        integrity.checked(arrays, sources, DECLARED)
