"""Readers, by name: each turns a dataset's raw files into arrays.

A reader takes the paths by file name, the dataset's entry in the catalogue, and options
as keywords. It returns two mappings.
The first has the four `datasets.ARRAYS` by name, and whatever else is to be stored; the
second has the file of each of the four, for messages.
"""

import functools
import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sharpminima.data import integrity
from sharpminima.data.readers import arrays, cifar, idx, kaldi

# Reader `festvox` is missing here, since it has a rule of its own: `prepare_speech`.
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

    Returns:
        The four `datasets.ARRAYS`, `classes`, and what else the reader stores.

    Raises:
        ValueError: If a file is damaged, or not as declared (see `integrity.checked`).
    """
    options = declared.get("options", {})
    return integrity.checked(*READERS[reader](paths, declared, **options), declared)


def options(reader: str) -> set[str]:
    """Return the names of the `options` that a reader needs; all are required.

    They are the reader's keyword-only arguments without a default value, except
    `classes`, which has a key of its own in the catalogue.

    Args:
        reader: A name in `READERS`, or `festvox`.
    """
    if reader == "festvox":
        # Imported by its name, which fingerprints do not follow: other datasets do not
        # depend on this reader, and their environment lacks its libraries.
        function = importlib.import_module("sharpminima.data.readers.festvox").read
    else:
        function = READERS[reader]
    return {
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
        and parameter.default is parameter.empty
    } - {"classes"}
