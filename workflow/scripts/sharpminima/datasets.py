"""Datasets: raw files -> checked arrays in one HDF5 file, and back.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix A: inputs are scaled to [0, 1]
and not processed further. The only module that knows how a prepared dataset is stored.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np

from sharpminima import array_files, cifar, idx, streams
from sharpminima.files import replacing

SUBSETS = {
    "train_examples": "train",
    "measure_examples": "train",
    "test_examples": "test",
}
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


READERS = {
    "arrays": array_files.read,
    "idx": read_idx,
    "cifar10": functools.partial(cifar.read, variant="cifar10"),
    "cifar100": functools.partial(cifar.read, variant="cifar100"),
}


def load(paths: Mapping[str, Path], *, reader: str, declared: Mapping) -> Dataset:
    """Read raw files and check them against what the catalogue declares.

    Args:
        paths: File name -> path.
        reader: A name in `READERS`.
        declared: `train_examples`, `test_examples` and `classes` of the dataset.

    Raises:
        ValueError: If the number of examples or labels, or a label, is not as declared,
            or an input is not finite; the message names the file, what was expected and
            what was found.
    """
    arrays, sources = READERS[reader](paths)
    classes = declared["classes"]
    for name in ARRAYS:
        split = name.removeprefix("x_").removeprefix("y_")
        _check_count(arrays[name], declared[f"{split}_examples"], sources[name])
    for name in ("x_train", "x_test"):
        _check_finite(arrays[name], sources[name])
    for name in ("y_train", "y_test"):
        _check_labels(arrays[name], classes, sources[name])
    return Dataset(**arrays, classes=classes)


def _check_count(array, examples, source):
    if len(array) != examples:
        raise ValueError(
            f"{source}: expected {examples} examples. Received: {len(array)}"
        )


def _check_finite(inputs, source):
    finite = np.isfinite(inputs).reshape(len(inputs), -1).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"{source}: expected finite inputs. Received: NaN or infinity in example "
            f"{np.flatnonzero(~finite)[0]}"
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


def read(path: str | Path, subset: Mapping[str, int] | None = None) -> Dataset:
    """Return the dataset that `write` stored at `path`, or a part of it.

    Args:
        path: The file.
        subset: The `subset` section of the config. `train_examples` and `test_examples`
            keep so many of either set; `measure_examples` then keeps so many of the
            training examples, for measures that are not to see all of them.

    Raises:
        ValueError: If a set has fewer examples than are to be kept.
    """
    with h5py.File(path) as file:
        arrays = {name: file[name][()] for name in ARRAYS}
        dataset = Dataset(**arrays, classes=int(file.attrs["classes"]))
    for name, split in SUBSETS.items():
        if name in (subset or {}):
            dataset = _part(dataset, split, subset[name], purpose=name)
    return dataset


def _part(dataset, split, examples, purpose):
    labels = getattr(dataset, f"y_{split}")
    if examples > len(labels):
        raise ValueError(
            f"`{purpose}` must be at most {len(labels)}. Received: {examples}"
        )
    kept = stratified(labels, examples, streams.generator("subset", purpose))
    names = (f"x_{split}", f"y_{split}")
    return replace(dataset, **{name: getattr(dataset, name)[kept] for name in names})


def stratified(
    labels: np.ndarray, examples: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the sorted positions of `examples` of `labels`, shape `(examples,)`.

    Each class keeps its share, to within one example; which ones is drawn by `rng`.
    """
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    spread = np.floor(np.arange(examples) * (len(labels) / examples)).astype(int)
    return np.sort(order[spread])
