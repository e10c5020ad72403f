"""IDX files, the format of MNIST and its successors.

A header (two zero bytes, a type code, the number of dimensions, then each dimension
as a big-endian uint32) is followed by the values in C order. Only unsigned bytes,
type 0x08, occur in image sets.
"""

import gzip
import zlib
from pathlib import Path

import numpy as np

UNSIGNED_BYTE = 0x08
FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}


def read(path: str | Path, *, dimensions: int) -> np.ndarray:
    """Return the uint8 array in the gzip-compressed IDX file at `path`.

    Args:
        path: The file.
        dimensions: How many dimensions it must have: 3 for images, 1 for labels.

    Raises:
        ValueError: If the file is truncated, not gzip, not IDX, or of another shape;
            the message names the file, what was expected and what was found.
    """
    content = _decompressed(path)
    magic, expected = content[:4], bytes([0, 0, UNSIGNED_BYTE, dimensions])
    if magic != expected:
        raise ValueError(
            f"{path}: expected the IDX magic number {expected.hex()} (unsigned bytes, "
            f"{dimensions} dimensions). Received: {magic.hex() or 'an empty file'}"
        )
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise ValueError(
            f"{path}: expected a header of {header} bytes. Received: {len(content)}"
        )
    shape = np.frombuffer(content[4:header], ">u4").astype(int)
    values = np.frombuffer(content, np.uint8, offset=header)
    if len(values) != np.prod(shape):
        raise ValueError(
            f"{path}: expected {' x '.join(map(str, shape))} bytes after the header. "
            f"Received: {len(values)}"
        )
    return values.reshape(shape)


def _decompressed(path):
    try:
        return gzip.decompress(Path(path).read_bytes())
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"{path}: expected a complete gzip file. Received: {error}"
        ) from error
