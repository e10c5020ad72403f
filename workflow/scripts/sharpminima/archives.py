"""Tar archives, read in memory: nothing is ever written where a member's name says.

An archive with a member that could leave the folder it is unpacked into is refused as a
whole, since it was not made by whom it claims to be.
"""

import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath


def members(path: str | Path, names: Iterable[str], limit: int) -> dict[str, bytes]:
    """Return the content of the files called `names` in the archive at `path`.

    Args:
        path: A tar archive, compressed or not.
        names: File names without their folder.
        limit: Largest size of one member, bytes.

    Raises:
        ValueError: If the archive is damaged, lacks a file, or has a member with an
            absolute path, a path through `..`, a link, a device or more than `limit`
            bytes; the message names the archive and the member.
    """
    wanted, found = set(names), {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                _check(path, member, limit)
                name = PurePosixPath(member.name).name
                if member.isfile() and name in wanted:
                    found[name] = archive.extractfile(member).read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ValueError(
            f"{path}: expected a complete tar archive. Received: {error}"
        ) from error
    if missing := sorted(wanted - set(found)):
        raise ValueError(f"{path}: expected a member called {missing[0]}. Found none")
    return found


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
