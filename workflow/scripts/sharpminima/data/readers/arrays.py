"""Datasets that come as arrays: one NPZ or HDF5 file with the four arrays by name.

Inputs have any shape, `(N, ...)`, channels last. Unsigned bytes are scaled to [0, 1],
like images, unless the catalogue says `scaled: false`. Floating-point inputs stay as
they are. What a file declares is compared
with the catalogue before memory is taken for it, and pickled objects are never loaded.
"""

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipExtFile, ZipFile

import h5py
import numpy as np

from sharpminima.data import integrity
from sharpminima.data.datasets import ARRAYS
from sharpminima.storage import hdf5
from sharpminima.storage.errors import one_line

ENCRYPTED = 1  # a flag of a member
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read(
    paths: Mapping[str, Path], declared: Mapping
) -> tuple[dict[str, np.ndarray], dict[str, Path]]:
    """Return the four arrays of a dataset, and the file of each.

    Args:
        paths: File name -> path of one file, `.npz` or `.h5`.
        declared: The dataset's entry in the catalogue.

    Returns:
        Inputs `(N, ...)` in float32 and labels `(N,)` of an integer type; the file of
        each.

    Raises:
        ValueError: If the file is damaged, lacks an array, holds pickled objects, leads
            to other files, has other shapes than declared or more values than fit, or
            if inputs or labels are not numbers of the right kind; the message names the
            file and the array.
    """
    (path,) = paths.values()
    limit = integrity.limit([path], declared)
    opened = _npz(path) if path.suffix == ".npz" else _hdf5(path, limit)
    found = {}
    with opened as stored:
        _check_names(path, stored)
        for name in ARRAYS:
            _check(path, name, stored[name], declared, limit)
        _check_scaling(path, stored)
        for name in ARRAYS:
            found[name] = _values(path, name, stored[name])
    classes = declared.get("classes")
    found["y_train"] = labels(path, "y_train", found["y_train"], classes)
    # A test set may lack the last class.
    classes = classes or int(found["y_train"].max(initial=0)) + 1
    found["y_test"] = labels(path, "y_test", found["y_test"], classes)
    for name in ("x_train", "x_test"):
        found[name] = _inputs(found[name], declared.get("scaled", True))
    return found, dict.fromkeys(ARRAYS, path)


def described(path: Path) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
    """Return shape and type of each of the four arrays in a file, without its values.

    Args:
        path: An `.npz` or `.h5` file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, leads to other files, or lacks an array.
    """
    limit = integrity.limit([path], {})
    opened = _npz(path) if path.suffix == ".npz" else _hdf5(path, limit)
    with opened as stored:
        _check_names(path, stored)
        for name in ARRAYS:
            if not stored[name].shape:
                raise ValueError(
                    f"{path}: expected {name} to be an array. Received: a single value"
                )
        return {name: (stored[name].shape, stored[name].dtype) for name in ARRAYS}


@dataclass(frozen=True)
class Member:
    """An array in an NPZ file, whose values have not been read yet."""

    stream: ZipExtFile
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool

    def __getitem__(self, _: tuple) -> np.ndarray:
        """Return all values, as `[()]` does with an array in an HDF5 file."""
        size = math.prod(self.shape) * self.dtype.itemsize
        # One byte more than declared tells whether there are any, and makes zipfile
        # compare its checksum, which it does at the end.
        content = self.stream.read(size + 1)
        if len(content) != size:
            raise ValueError(f"{len(content)} of {size} bytes")
        order = "F" if self.fortran_order else "C"
        return np.frombuffer(content, self.dtype).reshape(self.shape, order=order)


@contextmanager
def _npz(path) -> Iterator[dict[str, Member]]:
    """Yield those of the four arrays that the NPZ file at `path` holds."""
    with path.open("rb") as stream:
        try:
            archive = ZipFile(stream)
        except Exception as error:
            raise ValueError(
                f"{path}: expected an NPZ file of plain arrays. "
                f"Received: {one_line(error)}"
            ) from error
        held = [name for name in ARRAYS if f"{name}.npy" in archive.namelist()]
        yield {name: _member(path, name, archive) for name in held}


def _member(path, name, archive):
    """Return an array of an NPZ file after a look at its header."""
    info = archive.getinfo(f"{name}.npy")
    try:
        if info.flag_bits & ENCRYPTED:
            raise ValueError("encrypted content")
        # Other methods unfold a few bytes to many without a limit.
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise ValueError(f"zip method {info.compress_type}")
        stream = archive.open(info)
        version = np.lib.format.read_magic(stream)
        if version not in HEADERS:
            raise ValueError(f"NPY version {version}")
        shape, fortran_order, dtype = HEADERS[version](stream)
        if any(size < 0 for size in shape):
            raise ValueError(f"shape {shape}")
        return Member(stream, shape, dtype, fortran_order)
    # zipfile and NumPy raise more than a dozen kinds of errors.
    except Exception as error:
        raise ValueError(
            f"{path}: expected an NPZ file of plain arrays. Received: "
            f"{one_line(error)} in {name}"
        ) from error


@contextmanager
def _hdf5(path, limit) -> Iterator[h5py.File]:
    with hdf5.reading(path, limit) as file:
        for name in ARRAYS:
            if isinstance(file.get(name), h5py.Group):
                raise ValueError(
                    f"{path}: expected {name} to be an array. Received: a group"
                )
        yield file


def _check_names(path, stored):
    for name in ARRAYS:
        if name not in stored:
            raise ValueError(
                f"{path}: expected arrays {', '.join(ARRAYS)}. Received: no {name}"
            )


def _check(path, name, stored, declared, limit):
    """Refuse an array by its type, shape and size, before its values are read."""
    kind, shape = stored.dtype.kind, stored.shape
    if name[0] == "x" and not (stored.dtype == np.uint8 or kind == "f"):
        raise ValueError(
            f"{path}: expected {name} to hold unsigned bytes or floating-point "
            f"numbers. Received: {stored.dtype}"
        )
    # One-hot labels may be of any type; others are whole numbers.
    one_hot = len(shape) == 2 and shape[1] > 1
    if name[0] == "y" and kind not in ("uifb" if one_hot else "ui"):
        raise ValueError(
            f"{path}: expected {name} to hold whole numbers. Received: {stored.dtype}"
        )
    integrity.check_shape(path, name, shape, declared)
    size = math.prod(shape) * stored.dtype.itemsize
    if size > limit:
        raise ValueError(
            f"{path}: expected at most {limit} bytes in {name}. Received: "
            f"{stored.dtype} of shape {shape}, {size} bytes"
        )


def _check_scaling(path, stored):
    """Refuse two sets of which only one would be scaled."""
    train, test = (stored[name].dtype for name in ("x_train", "x_test"))
    if train.kind != test.kind:
        raise ValueError(
            f"{path}: expected x_test of the same kind as x_train, since unsigned "
            f"bytes are scaled to [0, 1]. Received: {train} and {test}"
        )


def _values(path, name, stored):
    try:
        return stored[()]
    except Exception as error:
        raise ValueError(
            f"{path}: expected all values of {name}. Received: {one_line(error)}"
        ) from error


def labels(path, name: str, array: np.ndarray, classes: int | None) -> np.ndarray:
    """Return labels `(N,)`, also of those in a column or one-hot, `(N, classes)`.

    Args:
        path: Where they come from, for messages.
        name: What they are called there.
        array: The labels as they are stored.
        classes: How many there are; None if that is inferred.

    Raises:
        ValueError: If rows are no one-hot labels of so many classes.
    """
    if array.ndim != 2 or not array.size:
        return array
    if array.shape[1] == 1:
        logging.info("%s: %s is one column, and is taken as labels", path, name)
        return array[:, 0]
    found = array.argmax(axis=1)
    ones = np.take_along_axis(array, found[:, None], axis=1) == 1
    if not (ones.all() and np.all(np.count_nonzero(array, axis=1) == 1)):
        raise ValueError(
            f"{path}: expected one label for each example, or one-hot rows with a "
            f"single 1. Received: {name} of shape {array.shape}"
        )
    if array.shape[1] != (classes or found.max() + 1):
        raise ValueError(
            f"{path}: expected one-hot rows of {classes or found.max() + 1} values, "
            f"one for each class. Received: {name} of shape {array.shape}"
        )
    logging.info("%s: %s is one-hot; the column of the 1 is the label", path, name)
    return found


def _inputs(array, scaled):
    # Appendix A: images are scaled to [0, 1] and not processed further.
    if array.dtype == np.uint8 and scaled:
        return array.astype(np.float32) / np.float32(255)
    # What float32 cannot hold becomes infinite, and is refused later.
    with np.errstate(over="ignore"):
        return array.astype(np.float32)
