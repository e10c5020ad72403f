"""Datasets: checked arrays in one HDF5 file, and back.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix A: images are scaled to [0, 1]
and not processed further; speech comes as frames in context. The only module that knows
how a prepared dataset is stored.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from sharpminima import streams
from sharpminima.data import frames
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


def write(
    path: str | Path, arrays: Mapping[str, np.ndarray], attributes: Mapping
) -> None:
    """Write `arrays` to the HDF5 file `path`, whole or not at all.

    Args:
        path: The file.
        arrays: What `integrity.checked` returned.
        attributes: Where they come from; stored as attributes of the file.
    """
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
        file.attrs.update(attributes)


def read(path: str | Path, subset: Mapping[str, int] | None = None) -> Dataset:
    """Return the dataset that `write` stored at `path`, or a part of it.

    Speech frames are stored once and spliced here.

    Args:
        path: The file.
        subset: The `subset` section of the config. `train_examples` and `test_examples`
            keep so many of either set; `measure_examples` then keeps so many of the
            training examples, for measures that are not to see all of them.

    Raises:
        ValueError: If a set has fewer examples than are to be kept.
    """
    arrays = {}
    with h5py.File(path) as file:
        for split in ("train", "test"):
            labels = file[f"y_{split}"][()]
            kept = _kept(labels, split, subset or {})
            arrays |= {f"x_{split}": _inputs(file, split, kept)}
            arrays |= {f"y_{split}": labels[kept]}
        return Dataset(**arrays, classes=int(file["classes"][()]))


def form(path: str | Path) -> tuple[tuple[int, ...], int]:
    """Return the shape of one input and the number of classes of what `read` returns.

    Args:
        path: The file.
    """
    with h5py.File(path) as file:
        return input_shape(file), int(file["classes"][()])


def input_shape(stored: Mapping) -> tuple[int, ...]:
    """Return the shape of one input; that of speech holds the neighbours of its frame.

    Args:
        stored: `x_train` by name, and `context` where there is any.
    """
    shape = stored["x_train"].shape[1:]
    if "context" not in stored:
        return shape
    return ((2 * int(stored["context"][()]) + 1) * math.prod(shape),)


def _kept(labels, split, subset):
    """Return the positions of the examples that every subset of `split` keeps."""
    kept = np.arange(len(labels))
    for purpose in (name for name in SUBSETS if SUBSETS[name] == split):
        examples = subset.get(purpose, len(kept))
        if examples > len(kept):
            raise ValueError(
                f"`{purpose}` must be at most {len(kept)}. Received: {examples}"
            )
        if purpose in subset:
            rng = streams.generator("subset", purpose)
            kept = kept[stratified(labels[kept], examples, rng)]
    return kept


def _inputs(file, split, kept):
    stored = file[f"x_{split}"][()]
    if "context" not in file:
        return stored if len(kept) == len(stored) else stored[kept]
    boundaries = file[f"utterances_{split}"][()]
    return frames.splice(stored, boundaries, int(file["context"][()]), kept)


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
