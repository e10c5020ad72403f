"""Tar archives, read in memory: no file is written under a name that a member chooses.

If one member could leave the folder of the archive, the whole archive is refused: an
honest one has no such member.
"""

import bz2
import gzip
import lzma
import sys
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from sharpminima.storage.errors import Refused, one_line

OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
# Room for the headers of members, bytes, and the most that one header may take: tarfile
# keeps it in memory, and its time grows with the square of it.
HEADERS, LARGEST_HEADER = 1 << 22, 1 << 16
LONG_HEADERS = b"xgXLK"  # types of members whose content belongs to the next header


def members(path: str | Path, names: Iterable[str], limit: int) -> dict[str, bytes]:
    """Return the content of the files called `names` in the archive at `path`.

    Args:
        path: A tar archive, compressed or not.
        names: File names without their folder.
        limit: The most bytes that all members may have together.

    Raises:
        ValueError: If the archive lacks a file or is damaged, or a member is harmful
            (see `files`).
    """
    # Distributors pack the same files in folders of different names.
    wanted = set(names)
    every = files(path, lambda file: file.name in wanted, limit)
    found = {file.name: content for file, content in every}
    if missing := sorted(wanted - set(found)):
        raise ValueError(
            f"{path}: expected a member called {missing[0]}. Received: none"
        )
    return found


def files(
    path: str | Path,
    wanted: Callable[[PurePosixPath], bool],
    limit: int,
    stream: BinaryIO | None = None,
    largest: int = sys.maxsize,
) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield path and content of each file in an archive, one at a time.

    An error may come after some files. Then discard what you made of them.

    Args:
        path: A tar archive, compressed or not.
        wanted: Gets a file's path in the archive; tells whether to read the file.
        limit: The most bytes that all members may have together.
        stream: The archive, if it is only a part of the file at `path`.
        largest: The most bytes that one member may have.

    Raises:
        ValueError: If the archive is damaged, has a member with an absolute path, a
            path through `..`, a link or a device, or unfolds to more than `limit`
            bytes; the message names the archive and the member.
    """
    try:
        with (
            Path(path).open("rb") if stream is None else nullcontext(stream) as packed,
            _unfolded(packed, limit + HEADERS) as content,
            # Read as a stream: then tarfile never goes back, and every loop ends.
            tarfile.open(fileobj=content, mode="r|", tarinfo=_Header) as archive,
        ):
            size = 0
            for member in archive:
                # Checked even if nobody wants it: one such member condemns the archive.
                size += member.size
                _refuse_if_harmful(path, member, size, limit)
                if member.size > largest:
                    raise Refused(
                        f"{path}: refused, its member {one_line(repr(member.name))} "
                        f"has {member.size} bytes, more than {largest}"
                    )
                file = PurePosixPath(member.name)
                if member.isfile() and wanted(file):
                    yield file, archive.extractfile(member).read()
            # Decompressors compare their checksum at the end.
            while content.read(1 << 20):
                pass
    except Refused:
        raise
    # The decompressors have errors of their own.
    except Exception as error:
        raise ValueError(
            f"{path}: expected a complete tar archive. Received: {one_line(error)}"
        ) from error


class _Header(tarfile.TarInfo):
    """The header of a member, refused if it makes tarfile loop or take memory."""

    @classmethod
    def frombuf(cls, buf, encoding, errors):
        header = super().frombuf(buf, encoding, errors)
        most = LARGEST_HEADER if header.type in LONG_HEADERS else sys.maxsize
        if not 0 <= header.size <= most:
            raise tarfile.ReadError(f"a header of {header.size} bytes")
        return header


class _Limited:
    """A stream that ends in an error after `limit` bytes."""

    def __init__(self, stream, limit):
        self.stream, self.limit, self.left = stream, limit, limit

    def read(self, size):
        content = self.stream.read(size)
        self.left -= len(content)
        if self.left < 0:
            raise tarfile.ReadError(f"more than {self.limit} bytes, unfolded")
        return content


@contextmanager
def _unfolded(packed, limit):
    """Yield what a stream holds, unfolded piece by piece, up to `limit` bytes."""
    start = packed.read(6)
    packed.seek(0)
    for magic, opener in OPENERS.items():
        if start.startswith(magic):
            with opener(packed) as stream:
                yield _Limited(stream, limit)
            return
    yield _Limited(packed, limit)


def _refuse_if_harmful(path, member, size, limit):
    name, shown = PurePosixPath(member.name), one_line(repr(member.name))
    if name.is_absolute() or ".." in name.parts:
        raise Refused(
            f"{path}: refused, its member {shown} leaves the folder of the archive"
        )
    # A link may point anywhere, and a device may never end.
    if member.issparse() or not (member.isfile() or member.isdir()):
        raise Refused(
            f"{path}: refused, its member {shown} is neither a file nor a folder"
        )
    # A small compressed file can unpack to more than the memory holds.
    if size > limit:
        raise Refused(
            f"{path}: refused, up to its member {shown} it has {size} bytes, "
            f"more than {limit}"
        )
