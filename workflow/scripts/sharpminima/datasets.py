"""Datasets: raw files -> checked arrays in one HDF5 file, and back.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix A: inputs are scaled to [0, 1]
and not processed further. The only module that knows how a prepared dataset is stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from sharpminima import idx
from sharpminima.files import replacing

ARRAYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True)
class Dataset:
    """Inputs `(N, ...)` float32, channels last, and labels `(N,)` int32; both sets."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: int


def read_idx(
    paths: Mapping[str, Path],
) -> tuple[dict[str, np.ndarray], dict[str, Path]]:
    """Return the four arrays of a dataset in MNIST's files, and the file of each.

    Args:
        paths: The files, by the names in `idx.FILES`.
    """
    sources = {array: paths[name] for array, name in idx.FILES.items()}
    arrays = {}
    for split in ("train", "test"):
        images = idx.read(sources[f"x_{split}"], dimensions=3)
        labels = idx.read(sources[f"y_{split}"], dimensions=1)
        arrays[f"x_{split}"] = images.astype(np.float32) / np.float32(255)
        arrays[f"y_{split}"] = labels.astype(np.int32)
    return arrays, sources


READERS = {"idx": read_idx}


def load(paths: Mapping[str, Path], *, reader: str, declared: Mapping) -> Dataset:
    """Read raw files and check them against what the catalogue declares.

    Args:
        paths: File name -> path.
        reader: A name in `READERS`.
        declared: `train_examples`, `test_examples` and `classes` of the dataset.

    Raises:
        ValueError: If the number of examples or labels, or a label, is not as declared;
            the message names the file, what was expected and what was found.
    """
    arrays, sources = READERS[reader](paths)
    classes = declared["classes"]
    for name in ARRAYS:
        split = name.removeprefix("x_").removeprefix("y_")
        _check_count(arrays[name], declared[f"{split}_examples"], sources[name])
    for name in ("y_train", "y_test"):
        _check_labels(arrays[name], classes, sources[name])
    return Dataset(**arrays, classes=classes)


def _check_count(array, examples, source):
    if len(array) != examples:
        raise ValueError(
            f"{source}: expected {examples} examples. Received: {len(array)}"
        )


def _check_labels(labels, classes, source):
    outside = np.flatnonzero((labels < 0) | (labels >= classes))
    if outside.size:
        raise ValueError(
            f"{source}: expected labels from 0 to {classes - 1}. "
            f"Received: {labels[outside[0]]} at position {outside[0]}"
        )


def write(path: str | Path, dataset: Dataset, attributes: Mapping) -> None:
    """Write `dataset` to the HDF5 file `path`, whole or not at all.

    Args:
        path: The file.
        dataset: What to write.
        attributes: Where it comes from; stored as attributes of the file.
    """
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        for name in ARRAYS:
            file.create_dataset(name, data=getattr(dataset, name))
        file.attrs.update({"classes": dataset.classes, **attributes})


def read(path: str | Path) -> Dataset:
    """Return the dataset that `write` stored at `path`."""
    with h5py.File(path) as file:
        arrays = {name: file[name][()] for name in ARRAYS}
        return Dataset(**arrays, classes=int(file.attrs["classes"]))
