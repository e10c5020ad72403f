"""HDF5 files from anybody, opened for reading and checked before an array is read.

An HDF5 file can lead its reader to other files: by external links, external storage and
virtual datasets. It can declare more than it holds, and a small one can unfold to more
than the memory holds. All of these are refused, and so are values that are neither
numbers nor text of fixed length, such as references and objects.

Attributes of a stranger's file are not read here: damaged text in them lets the HDF5
library loop for ever. Who needs them calls `check_attributes` first.
"""

import math
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from sharpminima.storage.errors import Refused, one_line

# Filters that are undone here or need no memory. Each may stand once, since a second
# compression multiplies what the first one unfolds to.
GZIP = h5py.h5z.FILTER_DEFLATE
FILTERS = (h5py.h5z.FILTER_SHUFFLE, GZIP, h5py.h5z.FILTER_FLETCHER32)
CHECKSUM_BYTES = 4  # what fletcher32 adds to a chunk
KINDS = "biufS"  # of NumPy: Boolean, integers, floating point, text of fixed length
SECONDS = 60  # in which any machine reads the attributes of a file


@contextmanager
def reading(path: str | Path, limit: int | None = None) -> Iterator[h5py.File]:
    """Yield the HDF5 file at `path`, open for reading, if all of it is harmless.

    Args:
        path: The file.
        limit: The most bytes that one array may take in memory. By default the size of
            the file, which fits what is stored without compression.

    Raises:
        FileNotFoundError: If there is no such file.
        Refused: If the file is not HDF5 or is damaged, also where it is read later; has
            a link that leaves it or leads nowhere; or has an array that is stored
            elsewhere or not at all, is too large, is compressed in another way than
            with gzip, or does not hold numbers or text of fixed length.
    """
    path = Path(path)
    _check_signature(path)
    limit = path.stat().st_size if limit is None else limit
    try:
        # Name the driver: another one may open other files.
        with h5py.File(path, "r", driver="sec2") as file:
            _check_objects(path, file, limit)
            yield file
    except OSError as error:
        raise Refused(
            f"{path}: expected a complete HDF5 file. Received: {one_line(error)}"
        ) from error


def check_attributes(path: str | Path) -> None:
    """Refuse the HDF5 file at `path` unless all its attributes can be read.

    Args:
        path: A file that `reading` accepts.

    Raises:
        Refused: If a process that tries does not end in time, or fails.
    """
    script = Path(__file__).with_name("hdf5_texts.py")
    # Isolated, so that no module of this folder hides one of Python's own.
    command = [sys.executable, "-I", str(script), str(path)]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=SECONDS, check=False
        )
        lines = done.stderr.decode(errors="replace").splitlines()
        fault = lines[-1] if done.returncode and lines else ""
        fault = fault or (f"exit code {done.returncode}" if done.returncode else "")
    except subprocess.TimeoutExpired:
        fault = f"no end after {SECONDS} s"
    if fault:
        raise Refused(
            f"{path}: expected attributes that can be read. Received: {one_line(fault)}"
        )


def _check_signature(path):
    # A pipe or device would be waited for, or never end.
    if path.exists() and not path.is_file():
        raise Refused(f"{path}: expected an HDF5 file. Received: no regular file")
    with path.open("rb") as stream:
        start = stream.read(8)
    if not h5py.is_hdf5(path):
        raise Refused(
            f"{path}: expected an HDF5 file. "
            f"Received: {f'a file that begins with {start}' if start else 'no bytes'}"
        )


def _check_objects(path, file, limit):
    """Refuse a file with an object or a link that is not harmless."""
    soft, seen, groups = [], set(), [("", file)]
    while groups:
        above, group = groups.pop()
        try:
            for name in list(group):
                where = f"{above}/{name}"
                link = group.get(name, getlink=True)
                if isinstance(link, h5py.SoftLink):
                    soft.append((where, link.path))
                    continue
                _check_link(path, where, link)
                item = group[name]
                # A group may hold itself, so remember what was seen.
                address = h5py.h5o.get_info(item.id).addr
                if address not in seen and isinstance(item, h5py.Group):
                    groups.append((where, item))
                elif address not in seen:
                    _check_array(path, one_line(where[1:]), item, limit)
                seen.add(address)
        except Refused:
            raise
        except Exception as error:
            raise Refused(
                f"{path}: expected complete arrays in {one_line(above or '/')!r}. "
                f"Received: {one_line(error)}"
            ) from error
    # Follow soft links only now, when none can lead out of the file.
    for where, target in soft:
        try:
            file[where]
        except Exception as error:
            raise Refused(
                f"{path}: expected {one_line(where[1:])!r} in the file itself. "
                f"Received: a link to {one_line(target)}, which leads nowhere"
            ) from error


def _check_link(path, where, link):
    if not isinstance(link, h5py.HardLink):
        raise Refused(
            f"{path}: expected {one_line(where[1:])!r} in the file itself. "
            f"Received: a link to {one_line(link.path)} in {one_line(link.filename)}"
        )


def _check_array(path, where, array, limit):
    """Refuse what is not a plain array of at most `limit` bytes in the file itself."""
    if not isinstance(array, h5py.Dataset) or array.id.get_type().committed():
        raise Refused(f"{path}: expected an array at {where!r}. Received: a named type")
    elsewhere = "a virtual dataset" if array.is_virtual else array.external
    if elsewhere:
        raise Refused(
            f"{path}: expected the values of {where!r} in the file itself. "
            f"Received: {one_line(elsewhere)}"
        )
    if array.dtype.kind not in KINDS:
        raise Refused(
            f"{path}: expected numbers or text of fixed length in {where!r}. "
            f"Received: {one_line(array.dtype)}"
        )
    if array.shape is None:
        raise Refused(f"{path}: expected values in {where!r}. Received: an empty space")
    # Python's whole numbers do not overflow. A resizable array may have chunks that are
    # larger than itself.
    whole = [array.shape, *([array.chunks] if array.chunks else [])]
    size = max(math.prod(shape) * array.dtype.itemsize for shape in whole)
    if size > limit:
        raise Refused(
            f"{path}: expected at most {limit} bytes in {where!r}. Received: "
            f"{one_line(array.dtype)} of shape {array.shape}, {size} bytes"
        )
    if array.size and array.id.get_space_status() != h5py.h5d.SPACE_STATUS_ALLOCATED:
        raise Refused(
            f"{path}: expected every value of {where!r} to be stored. Received: "
            "an array that was never written, or only in part"
        )
    if array.chunks:
        _check_chunks(path, where, array)


def _check_chunks(path, where, array):
    """Refuse unknown filters, and chunks that unfold to another size than declared."""
    plan = array.id.get_create_plist()
    filters = [plan.get_filter(place)[0] for place in range(plan.get_nfilters())]
    if len(set(filters)) < len(filters) or not set(filters) <= set(FILTERS):
        raise Refused(
            f"{path}: expected {where!r} to be compressed with gzip or not at all. "
            f"Received: HDF5 filters {filters} (gzip is {GZIP})"
        )
    size = math.prod(array.chunks) * array.dtype.itemsize
    left_out = 1 << filters.index(GZIP) if GZIP in filters else 0
    chunks, end = [], path.stat().st_size
    array.id.chunk_iter(chunks.append)
    for chunk in chunks:
        if chunk.byte_offset + chunk.size > end:
            raise Refused(
                f"{path}: expected all chunks of {where!r}. Received: the position "
                f"{chunk.byte_offset} in a file of {end} bytes"
            )
        unfolded = chunk.size
        # A filter may be left out of a chunk that it does not make smaller.
        if left_out and not chunk.filter_mask & left_out:
            _, content = array.id.read_direct_chunk(chunk.chunk_offset)
            # Unfold one byte more than fits, at most.
            most = size + CHECKSUM_BYTES + 1
            unfolded = len(zlib.decompressobj().decompress(content, most))
        if not size <= unfolded <= size + CHECKSUM_BYTES:
            raise Refused(
                f"{path}: expected chunks of {size} bytes in {where!r}. "
                f"Received: {unfolded}{' or more' if unfolded > size else ''}"
            )
