"""Digests at the end of HDF5 files: a job reads what another job wrote, or nothing.

HDF5 ignores what follows its own end, so plain Keras reads a checkpoint as ever. The
digest is checked before the HDF5 library sees a byte: a flipped bit may crash it.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from sharpminima.storage import hdf5
from sharpminima.storage.faults import DamagedError
from sharpminima.storage.files import replacing

MARK = b"\nsha256 "
LENGTH = len(MARK) + 2 * hashlib.sha256().digest_size + 1
PIECE = 1 << 20  # bytes that are held at a time


class Patient(io.BytesIO):
    """A file that bears a full device until HDF5 has closed it; `check` tells.

    HDF5 crashes the process some time after it could not write what it held. Keras
    takes nothing but a path or a `BytesIO`, and looks at the end of its name.

    Args:
        path: The file.
    """

    def __init__(self, path: Path):
        self._path, self._error = path, None
        self._file = path.open("wb+", buffering=0)
        self.read, self.readinto = self._file.read, self._file.readinto
        self.seek, self.tell = self._file.seek, self._file.tell

    def __str__(self):
        return str(self._path)

    def write(self, data) -> int:
        """Write all of `data`, or keep the error."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._error = self._error or error
        return len(data)

    def truncate(self, size=None) -> int:
        """Let the file have `size` bytes, or keep the error."""
        try:
            return self._file.truncate(size)
        except OSError as error:
            self._error = self._error or error
            return size

    def check(self) -> None:
        """Raise the first error that was met, if any."""
        if self._error:
            raise self._error

    def end(self) -> None:
        """Close the file, and do the same."""
        self._file.close()
        self.check()


@contextmanager
def writing(path: str | Path) -> Iterator[Patient]:
    """Yield a file for HDF5 or Keras to write; then seal it and rename it to `path`.

    Raises:
        OSError: If the device has no space left, or another fault: see `replacing`.
    """
    with replacing(path) as temporary:
        file = Patient(temporary)
        try:
            yield file
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            file.write(_seal(file, size))
        finally:
            file.end()


def check(path: str | Path) -> None:
    """Raise a `DamagedError` if `path` is not, to the byte, what `writing` wrote."""
    size = Path(path).stat().st_size - LENGTH
    with Path(path).open("rb") as file:
        seal, found = _seal(file, max(size, 0)), file.read()
    if found != seal:
        raise DamagedError(
            path, "another digest" if found.startswith(MARK) else "no digest at its end"
        )


@contextmanager
def reading(path: str | Path) -> Iterator[h5py.File]:
    """Yield the HDF5 file at `path` that `writing` wrote, open for reading.

    Raises:
        DamagedError: If it is not as it was written.
        hdf5.Refused: If it is, but somebody else wrote it, and it is not harmless.
    """
    check(path)
    with hdf5.reading(path) as file:
        yield file


def _seal(file, size):
    """Return the digest that follows the first `size` bytes of `file`; read these."""
    found = hashlib.sha256()
    while piece := file.read(min(PIECE, size)):
        found.update(piece)
        size -= len(piece)
    return MARK + found.hexdigest().encode() + b"\n"
