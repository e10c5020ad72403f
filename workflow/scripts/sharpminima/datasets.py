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


def read_idx(paths: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Return the four arrays of a dataset in MNIST's file format, scaled to [0, 1].

    Args:
        paths: The files, by the names that MNIST gives them.
    """
    arrays = {}
    for split, stem in (("train", "train"), ("test", "t10k")):
        images = idx.read(paths[f"{stem}-images-idx3-ubyte.gz"], dimensions=3)
        labels = idx.read(paths[f"{stem}-labels-idx1-ubyte.gz"], dimensions=1)
        arrays[f"x_{split}"] = images.astype(np.float32) / np.float32(255)
        arrays[f"y_{split}"] = labels.astype(np.int32)
    return arrays


READERS = {"idx": read_idx}


def load(paths: Mapping[str, Path], *, reader: str, declared: Mapping) -> Dataset:
    """Read raw files and check them against what the catalogue declares.

    Args:
        paths: File name -> path.
        reader: A name in `READERS`.
        declared: `train_examples`, `test_examples` and `classes` of the dataset.

    Raises:
        ValueError: If the number of examples or labels, or a label, is not as declared;
            the message names the files, what was expected and what was found.
    """
    arrays = READERS[reader](paths)
    source = next(iter(paths.values())).parent
    for split in ("train", "test"):
        examples = declared[f"{split}_examples"]
        _check(arrays, split, examples, declared["classes"], source)
    return Dataset(**arrays, classes=declared["classes"])


def _check(arrays, split, examples, classes, source):
    x, y = arrays[f"x_{split}"], arrays[f"y_{split}"]
    for what, found in (("inputs", len(x)), ("labels", len(y))):
        if found != examples:
            raise ValueError(
                f"{source}: expected {examples} {split} {what}. Received: {found}"
            )
    outside = np.flatnonzero((y < 0) | (y >= classes))
    if outside.size:
        raise ValueError(
            f"{source}: expected {split} labels from 0 to {classes - 1}. "
            f"Received: {y[outside[0]]} at position {outside[0]}"
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
