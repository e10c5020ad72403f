"""Tar archives, read in memory: nothing is ever written where a member's name says.

An archive with a member that could leave the folder it is unpacked into is refused as a
whole, since it was not made by whom it claims to be.
"""

import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

DAMAGE = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError)


def members(path: str | Path, names: Iterable[str], limit: int) -> dict[str, bytes]:
    """Return the content of the files called `names` in the archive at `path`.

    Args:
        path: See `files`.
        names: File names without their folder.
        limit: See `files`.

    Raises:
        ValueError: As `files`, or if the archive lacks a file.
    """
    wanted = set(names)
    every = files(path, lambda file: file.name in wanted, limit)
    found = {file.name: content for file, content in every}
    if missing := sorted(wanted - set(found)):
        raise ValueError(f"{path}: expected a member called {missing[0]}. Found none")
    return found


def files(
    path: str | Path,
    wanted: Callable[[PurePosixPath], bool],
    limit: int,
    stream: BinaryIO | None = None,
) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield path and content of each file in an archive, one at a time.

    Nothing that was made of them may be kept if this raises before the last one.

    Args:
        path: A tar archive, compressed or not.
        wanted: Tells by its path in the archive whether a file is to be read.
        limit: Largest size of one member, bytes.
        stream: The archive, if it is but a part of the file at `path`.

    Raises:
        ValueError: If the archive is damaged, or has a member with an absolute path, a
            path through `..`, a link, a device or more than `limit` bytes; the message
            names the archive and the member.
    """
    try:
        with tarfile.open(path, fileobj=stream) as archive:
            for member in archive:
                _check(path, member, limit)
                file = PurePosixPath(member.name)
                if member.isfile() and wanted(file):
                    yield file, archive.extractfile(member).read()
    except DAMAGE as error:
        raise ValueError(
            f"{path}: expected a complete tar archive. Received: {error}"
        ) from error


def _check(path, member, limit):
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        complaint = "leaves the folder of the archive"
    elif not (member.isfile() or member.isdir()):
        complaint = "is neither a file nor a folder"
    elif member.size > limit:
        complaint = f"has {member.size} bytes, more than {limit}"
    else:
        return
    raise ValueError(f"{path}: refused, its member {member.name!r} {complaint}")
