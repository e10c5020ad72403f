"""Datasets: checked arrays in one HDF5 file, and back.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix A: images are scaled to [0, 1]
and not processed further; speech comes as frames in context. No other module knows how
a prepared dataset is stored.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import h5py
import numpy as np

from sharpminima import streams
from sharpminima.data import frames
from sharpminima.storage import digests

# The keys of the config's `subset` section, in the order in which they apply, with the
# set that each of them makes smaller.
SUBSETS = {
    "train_examples": "train",
    "measure_examples": "train",
    "test_examples": "test",
}


@dataclass(frozen=True)
class Dataset:
    """Inputs `(N, ...)` float32, channels last, and labels `(N,)` int32; both sets."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: int


# The names of the four arrays that every reader returns.
ARRAYS = tuple(field.name for field in fields(Dataset) if field.type is np.ndarray)


def write(
    path: str | Path, arrays: Mapping[str, np.ndarray], attributes: Mapping
) -> None:
    """Write `arrays` to the HDF5 file `path`, whole or not at all.

    Args:
        path: The file.
        arrays: What `integrity.checked` returned.
        attributes: The origin of the arrays, stored as attributes of the file.
    """
    with digests.writing(path) as prepared, h5py.File(prepared, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
        file.attrs.update(attributes)


def read(path: str | Path, subset: Mapping[str, int] | None = None) -> Dataset:
    """Return the dataset that `write` stored at `path`, or a part of it.

    Args:
        path: The file.
        subset: The `subset` section of the config. `train_examples` and `test_examples`
            say how many examples of each set to keep. `measure_examples` then says how
            many of the kept training examples to keep for measures, which may use fewer
            than the network trained on.

    Raises:
        ValueError: If a set has fewer examples than `subset` asks for.
    """
    arrays = {}
    with digests.reading(path) as file:
        for split in ("train", "test"):
            inputs, labels = file[f"x_{split}"][()], file[f"y_{split}"][()]
            kept = _kept(labels, split, subset or {})
            if "context" in file:
                # Speech: the file holds each frame once. Neighbours need not be kept.
                boundaries = file[f"utterances_{split}"][()]
                context = int(file["context"][()])
                inputs = frames.splice(inputs, boundaries, context, kept)
            # Indexing copies, which would double the memory of a whole set.
            elif len(kept) < len(inputs):
                inputs = inputs[kept]
            arrays |= {f"x_{split}": inputs, f"y_{split}": labels[kept]}
        return Dataset(**arrays, classes=int(file["classes"][()]))


def form(path: str | Path) -> tuple[tuple[int, ...], int]:
    """Return the shape of one input and the number of classes of a prepared dataset.

    Args:
        path: A file that `write` made.
    """
    with digests.reading(path) as file:
        return input_shape(file), int(file["classes"][()])


def input_shape(stored: Mapping) -> tuple[int, ...]:
    """Return the shape of one input of a network, as `read` returns it.

    Args:
        stored: `x_train` by its name; for speech, also `context`: an input is then a
            frame and its neighbours in one row.
    """
    shape = stored["x_train"].shape[1:]
    if "context" not in stored:
        return shape
    return ((2 * int(stored["context"][()]) + 1) * math.prod(shape),)


def _kept(labels, split, subset):
    """Return the positions of the examples of `split` that are left after `subset`."""
    kept = np.arange(len(labels))
    for purpose in (name for name in SUBSETS if SUBSETS[name] == split):
        examples = subset.get(purpose, len(kept))
        if examples > len(kept):
            raise ValueError(
                f"`{purpose}` must be at most {len(kept)}. Received: {examples}"
            )
        # The stream depends on the purpose alone: every run sees the same subset.
        if purpose in subset:
            rng = streams.generator("subset", purpose)
            kept = kept[stratified(labels[kept], examples, rng)]
    return kept


def stratified(
    labels: np.ndarray, examples: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the sorted positions of `examples` of `labels`, shape `(examples,)`.

    Each class keeps its share, to within one example. `rng` draws which ones.
    """
    # Shuffle, then sort by label: a stable sort leaves each class shuffled.
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    # Take positions at equal distances: each class gets as many as its share.
    spread = np.floor(np.arange(examples) * (len(labels) / examples)).astype(int)
    return np.sort(order[spread])
