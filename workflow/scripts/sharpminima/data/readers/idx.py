"""IDX files, the format of MNIST and its successors.

A header (two zero bytes, a type code, the number of dimensions, then each dimension
as a big-endian uint32) is followed by the values in C order. Image sets hold only
unsigned bytes, type 0x08.
"""

import gzip
import math
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from sharpminima.data import datasets, integrity

UNSIGNED_BYTE = 0x08
NAME = re.compile(r"(train|t10k|test)-(images|labels)[-.]idx\d-ubyte(\.gz)?$")
# How many dimensions each kind of file may have.
IMAGES, LABELS = (3, 4), (1,)


def roles(names: Iterable[str]) -> dict[str, str]:
    """Return array name -> the file among `names` that holds it.

    Args:
        names: Four file names in MNIST's way, such as `train-images-idx3-ubyte.gz`,
            with or without a prefix and `.gz`.

    Raises:
        ValueError: If there are other names, or not one file for each array.
    """
    # MNIST calls its test set t10k; its successors say test.
    names, found = sorted(names), {}
    for match in filter(None, map(NAME.search, names)):
        split = "train" if match[1] == "train" else "test"
        kind = "x" if match[2] == "images" else "y"
        found[f"{kind}_{split}"] = match.string
    if len(found) != 4 or len(names) != 4:
        raise ValueError(
            "reader idx needs four files called like train-images-idx3-ubyte.gz, "
            "train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, "
            f"t10k-labels-idx1-ubyte.gz. Received: {', '.join(names)}"
        )
    return found


def read_folder(
    paths: Mapping[str, Path], declared: Mapping
) -> tuple[dict[str, np.ndarray], dict[str, Path]]:
    """Return the four arrays of a dataset in MNIST's format, and the file of each.

    Args:
        paths: File name -> path of the four files (see `roles`).
        declared: The dataset's entry in the catalogue.

    Returns:
        Images in [0, 1] in float32, `(N, height, width)` or with channels last; labels
        in uint8, `(N,)`; the file of each.

    Raises:
        ValueError: If the files are not the four, or one is damaged (see `read`).
    """
    sources = {array: paths[name] for array, name in roles(paths).items()}
    arrays = {name: read(sources[name], name, declared) for name in datasets.ARRAYS}
    for name in ("x_train", "x_test"):
        # Appendix A: images are scaled to [0, 1] and not processed further.
        arrays[name] = arrays[name].astype(np.float32) / np.float32(255)
    return arrays, sources


def read(path: str | Path, name: str, declared: Mapping) -> np.ndarray:
    """Return the uint8 array in the IDX file at `path`, compressed if it ends in `.gz`.

    Args:
        path: The file.
        name: Which of `datasets.ARRAYS` it holds.
        declared: The dataset's entry in the catalogue.

    Raises:
        ValueError: If the file is truncated, not gzip, not IDX, or of another shape
            than declared; the message names the file.
    """
    path = Path(path)
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as stream:
            shape = _shape(path, stream, IMAGES if name[0] == "x" else LABELS)
            integrity.check_shape(path, name, shape, declared)
            size, limit = math.prod(shape), integrity.limit([path], declared)
            if size > limit:
                raise ValueError(
                    f"{path}: expected at most {limit} bytes. Received: shape {shape}"
                )
            # One byte more than declared tells whether there are any.
            content = stream.read(size + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"{path}: expected a complete gzip file. Received: {error}"
        ) from error
    if len(content) != size:
        raise ValueError(
            f"{path}: expected {' x '.join(map(str, shape))} bytes after the header. "
            f"Received: {len(content)}{' or more' if len(content) > size else ''}"
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def _shape(path, stream, dimensions):
    """Return the shape in the header of an IDX file that may have `dimensions`."""
    magic = stream.read(4)
    if magic not in [bytes([0, 0, UNSIGNED_BYTE, number]) for number in dimensions]:
        raise ValueError(
            f"{path}: expected the IDX magic number 000008 (unsigned bytes) and "
            f"{' or '.join(map(str, dimensions))} dimensions. "
            f"Received: {magic.hex() or 'an empty file'}"
        )
    # The magic number's last byte counts the dimensions, four bytes each.
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise ValueError(
            f"{path}: expected a header of {4 + 4 * magic[3]} bytes. "
            f"Received: {4 + len(sizes)}"
        )
    return tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
