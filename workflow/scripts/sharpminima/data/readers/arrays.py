"""Datasets that come as arrays: one NPZ or HDF5 file with the four arrays by name.

Inputs of any shape, `(N, ...)`, channels last. Unsigned bytes are scaled to [0, 1] as
images are; floating-point inputs are taken as they are.
"""

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import h5py
import numpy as np

NAMES = ("x_train", "y_train", "x_test", "y_test")


def read(paths: Mapping[str, Path]) -> tuple[dict[str, np.ndarray], dict[str, Path]]:
    """Return the four arrays of a dataset, and the file of each.

    Args:
        paths: One file, `.npz` or `.h5`, by its name.

    Raises:
        ValueError: If the file is damaged, lacks an array, holds pickled objects, or if
            inputs or labels are not numbers of the right kind; the message names the
            file and the array.
    """
    (path,) = paths.values()
    raw = _read_npz(path) if path.suffix == ".npz" else _read_hdf5(path)
    arrays = {name: _converted(path, name, raw[name]) for name in NAMES}
    return arrays, dict.fromkeys(NAMES, path)


def _read_npz(path):
    """Read without ever loading a pickle, which could run anything."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return {name: file[name] for name in NAMES}
    except KeyError as error:
        raise _missing(path, error) from error
    except (ValueError, TypeError, OSError, EOFError, BadZipFile) as error:
        raise ValueError(
            f"{path}: expected an NPZ file of plain arrays. Received: {error}"
        ) from error


def _read_hdf5(path):
    try:
        with h5py.File(path) as file:
            return {name: file[name][()] for name in NAMES}
    except KeyError as error:
        raise _missing(path, error) from error
    except OSError as error:
        raise ValueError(
            f"{path}: expected a complete HDF5 file. Received: {error}"
        ) from error


def _missing(path, error):
    return ValueError(f"{path}: expected arrays {', '.join(NAMES)}. Found: {error}")


def _converted(path, name, array):
    wanted = "uf" if name.startswith("x") else "ui"
    kinds = {"uf": "unsigned bytes or floating-point numbers", "ui": "whole numbers"}
    if array.dtype.kind not in wanted:
        raise ValueError(
            f"{path}: expected {name} to hold {kinds[wanted]}. Received: {array.dtype}"
        )
    if name.startswith("y"):
        return array.astype(np.int32)
    scale = np.float32(255 if array.dtype == np.uint8 else 1)
    return array.astype(np.float32) / scale
