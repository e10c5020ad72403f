"""Digests at the end of HDF5 files: a job reads what another job wrote, or nothing.

HDF5 ignores what follows its own end, so plain Keras reads a checkpoint as ever. The
digest is checked before the HDF5 library sees a byte: a flipped bit may crash it.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from sharpminima import hdf5
from sharpminima.faults import DamagedError
from sharpminima.files import replacing

MARK = b"\nsha256 "
LENGTH = len(MARK) + 2 * hashlib.sha256().digest_size + 1
PIECE = 1 << 20  # bytes that are held at a time


@contextmanager
def sealing(path: str | Path) -> Iterator[Path]:
    """Do what `replacing` does, and end the file with the digest of what was written.

    Args:
        path: The file, of any format that allows for more at its end.
    """
    with replacing(path) as temporary:
        yield temporary
        with temporary.open("rb+") as file:
            file.write(_seal(file, temporary.stat().st_size))


def check(path: str | Path) -> None:
    """Raise a `DamagedError` if `path` is not, to the byte, what `sealing` wrote."""
    size = Path(path).stat().st_size - LENGTH
    with Path(path).open("rb") as file:
        seal, found = _seal(file, max(size, 0)), file.read()
    if found != seal:
        raise DamagedError(
            path, "another digest" if found.startswith(MARK) else "no digest at its end"
        )


@contextmanager
def reading(path: str | Path) -> Iterator[h5py.File]:
    """Yield the HDF5 file at `path` that `sealing` wrote, open for reading.

    Raises:
        DamagedError: If it is not as it was written.
        hdf5.Refused: If it is, but somebody else wrote it, and it is not harmless.
    """
    check(path)
    with hdf5.reading(path) as file:
        yield file


def _seal(file, size):
    """Return the digest of the first `size` bytes of `file` as it stands at the end."""
    found = hashlib.sha256()
    while piece := file.read(min(PIECE, size)):
        found.update(piece)
        size -= len(piece)
    return MARK + found.hexdigest().encode() + b"\n"
