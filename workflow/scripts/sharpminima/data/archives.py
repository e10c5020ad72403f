"""Tar archives, read in memory: no file is written under a name that a member chooses.

If one member could leave the folder of the archive, the whole archive is refused: an
honest one has no such member.
"""

import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

# What `tarfile` and the decompressors raise for a damaged archive.
DAMAGE = (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError)


def members(path: str | Path, names: Iterable[str], limit: int) -> dict[str, bytes]:
    """Return the content of the files called `names` in the archive at `path`.

    Args:
        path: A tar archive, compressed or not.
        names: File names without their folder.
        limit: Largest size of a member, bytes.

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
) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield path and content of each file in an archive, one at a time.

    An error may come after some files. Then discard what you made of them.

    Args:
        path: A tar archive, compressed or not.
        wanted: Gets a file's path in the archive; tells whether to read the file.
        limit: Largest size of a member, bytes.
        stream: The archive, if it is only a part of the file at `path`.

    Raises:
        ValueError: If the archive is damaged, or has a member with an absolute path, a
            path through `..`, a link, a device or more than `limit` bytes; the message
            names the archive and the member.
    """
    try:
        with tarfile.open(path, fileobj=stream) as archive:
            for member in archive:
                # Checked even if nobody wants it: one such member condemns the archive.
                _refuse_if_harmful(path, member, limit)
                file = PurePosixPath(member.name)
                if member.isfile() and wanted(file):
                    yield file, archive.extractfile(member).read()
    except DAMAGE as error:
        raise ValueError(
            f"{path}: expected a complete tar archive. Received: {error}"
        ) from error


def _refuse_if_harmful(path, member, limit):
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise ValueError(
            f"{path}: refused, its member {member.name!r} leaves the folder of the "
            "archive"
        )
    # A link may point anywhere, and a device may never end.
    if not (member.isfile() or member.isdir()):
        raise ValueError(
            f"{path}: refused, its member {member.name!r} is neither a file nor a "
            "folder"
        )
    # A small compressed file can unpack to more than the memory holds.
    if member.size > limit:
        raise ValueError(
            f"{path}: refused, its member {member.name!r} has {member.size} bytes, "
            f"more than {limit}"
        )
