"""ZIP files from anybody: a member is written whole, or the file is refused."""

import io
import os
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from sharpminima.storage import zips
from sharpminima.storage.errors import Refused

CONTENT = bytes(range(256)) * 20
SIZE = len(CONTENT)


@pytest.fixture
def made(tmp_path):
    """Return a function that writes a ZIP file of members; it returns the path."""

    def make(*members, method=ZIP_STORED):
        with ZipFile(tmp_path / "a.zip", "w", method) as archive:
            for name, content in members:
                archive.writestr(name, content)
        return tmp_path / "a.zip"

    return make


def copied(path, limit=SIZE):
    target = io.BytesIO()
    zips.copy(path, "a", target, limit)
    return target.getvalue()


@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED])
def test_a_member_is_copied(made, method):
    path = made(("b", b"other"), ("a", CONTENT), method=method)
    assert copied(path) == CONTENT


def test_what_is_larger_missing_twice_or_packed_otherwise_is_refused(made):
    with pytest.raises(Refused, match="at most 5119 bytes in a. Received: 5120"):
        copied(made(("a", CONTENT)), limit=SIZE - 1)
    with pytest.raises(Refused, match="one member called a. Received: 0"):
        copied(made(("b", CONTENT)))
    with pytest.warns(UserWarning, match="Duplicate"):
        path = made(("a", CONTENT), ("a", b"other"))
    with pytest.raises(Refused, match="one member called a. Received: 2"):
        copied(path)
    with pytest.raises(Refused, match="Received: ZIP method 12"):
        copied(made(("a", CONTENT), method=ZIP_BZIP2))


def test_a_member_that_holds_more_than_it_declares_is_refused(made):
    path = made(("a", bytes(100_000)), method=ZIP_DEFLATED)
    content = path.read_bytes()
    size = (100_000).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, (50).to_bytes(4, "little")))
    with pytest.raises(Refused, match="Bad CRC-32"):
        copied(path)


@pytest.mark.parametrize("end", [0, 10, 2000, -1])
def test_a_file_that_is_cut_is_refused(made, end):
    path = made(("a", CONTENT))
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(Refused, match="expected a complete ZIP file"):
        copied(path)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.zip")
    with pytest.raises(Refused, match="no regular file"):
        copied(tmp_path / "a.zip")
