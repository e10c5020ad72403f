"""ZIP files from anybody: one member at a time, and never more than a limit."""

import shutil
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from sharpminima.storage.errors import Refused, one_line

ENCRYPTED = 1  # a flag of a member
PIECE = 1 << 20  # bytes that are held at a time


def copy(path: str | Path, name: str, target: BinaryIO, limit: int) -> None:
    """Write what the member `name` of the ZIP file at `path` holds to `target`.

    Args:
        path: The file.
        name: The member.
        target: A stream to write to.
        limit: The most bytes that the member may unfold to.

    Raises:
        FileNotFoundError: If there is no such file.
        Refused: If it is no ZIP file or a damaged one; if it lacks the member or has it
            twice; or if the member is encrypted, is compressed in another way than with
            deflate, or unfolds to more than `limit` bytes.
    """
    path = Path(path)
    # A pipe or device would be waited for, or never end.
    if path.exists() and not path.is_file():
        raise Refused(f"{path}: expected a ZIP file. Received: no regular file")
    with path.open("rb") as stream:
        try:
            with ZipFile(stream) as archive:
                member = _member(path, archive, name, limit)
                with archive.open(member) as content:
                    # It ends after as many bytes as it declares, which is checked.
                    shutil.copyfileobj(content, target, PIECE)
        except Refused:
            raise
        # zipfile raises more than a dozen kinds of errors.
        except Exception as error:
            raise Refused(
                f"{path}: expected a complete ZIP file. Received: {one_line(error)}"
            ) from error


def _member(path, archive, name, limit):
    found = [member for member in archive.infolist() if member.filename == name]
    if len(found) != 1:
        raise Refused(
            f"{path}: expected one member called {name}. Received: {len(found)}"
        )
    (member,) = found
    # Other methods unfold a few bytes to many without a limit.
    method = member.compress_type
    if member.flag_bits & ENCRYPTED or method not in (ZIP_STORED, ZIP_DEFLATED):
        raise Refused(
            f"{path}: expected {name} to be compressed with deflate or not at all. "
            f"Received: ZIP method {method}, flags {member.flag_bits}"
        )
    if member.file_size > limit:
        raise Refused(
            f"{path}: expected at most {limit} bytes in {name}. "
            f"Received: {member.file_size}"
        )
    return member
