"""Readers, by name: each turns a dataset's raw files into arrays.

A reader takes the paths by file name, and options as keywords. It returns the arrays
`x_train`, `y_train`, `x_test`, `y_test` and what else is to be stored, and the file of
each of the four, for messages.
"""

import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sharpminima.data import integrity
from sharpminima.data.readers import arrays, cifar, idx, kaldi

READERS = {
    "arrays": arrays.read,
    "cifar10": functools.partial(cifar.read, variant="cifar10"),
    "cifar100": functools.partial(cifar.read, variant="cifar100"),
    "idx": idx.read_folder,
    "kaldi": kaldi.read,
}


def load(
    paths: Mapping[str, Path], *, reader: str, declared: Mapping
) -> dict[str, np.ndarray]:
    """Read raw files; return their arrays, checked against what is declared.

    Args:
        paths: File name -> path.
        reader: A name in `READERS`.
        declared: The dataset's entry in the catalogue.

    Raises:
        ValueError: If a file is damaged, or not as declared (see `integrity.checked`).
    """
    options = declared.get("options", {})
    return integrity.checked(*READERS[reader](paths, **options), declared)
