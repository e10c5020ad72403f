"""Archives are read in memory, and refused if a member could do harm."""

import gzip
import io
import random
import tarfile

import pytest

from examples import archive
from sharpminima.data import archives


def text_files(file):
    return file.suffix == ".txt"


def link(name, target, kind):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data.tar.gz"


def test_members_come_by_their_names(path):
    archive(path, ("folder/a.bin", b"a"), ("folder/b.bin", b"b"), ("c.txt", b"c"))
    found = archives.members(path, ["a.bin", "b.bin"], limit=10)
    assert found == {"a.bin": b"a", "b.bin": b"b"}
    assert [p.name for p in path.parent.iterdir()] == ["data.tar.gz"]


def test_files_come_one_by_one_in_their_order(path):
    archive(path, ("./x/c.txt", b"c"), ("a.bin", b"a"), ("b.txt", b"b"))
    found = archives.files(path, text_files, limit=10)
    assert [(str(name), content) for name, content in found] == [
        ("x/c.txt", b"c"),
        ("b.txt", b"b"),
    ]


def test_an_archive_may_be_a_part_of_a_file(path):
    content = archive(path, ("b.txt", b"b")).read_bytes()
    outer = path.with_name("outer")
    found = archives.files(outer, text_files, 10, io.BytesIO(content))
    assert [content for _, content in found] == [b"b"]
    with pytest.raises(ValueError, match="outer: expected a complete tar archive"):
        list(archives.files(outer, text_files, 10, io.BytesIO(content[:60])))


@pytest.mark.parametrize("compression", ["gz", "bz2", "xz"])
def test_damage_is_an_error_however_it_was_compressed(path, compression):
    """Flip bits in the middle: not all of a decompressor's errors are tarfile's."""
    with tarfile.open(path, f"w:{compression}") as file:
        info = tarfile.TarInfo("b.txt")
        info.size = 1 << 16
        file.addfile(info, io.BytesIO(random.Random(0).randbytes(info.size)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 99] = bytes(99)
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match="data.tar.gz: expected a complete tar archive"
    ):
        list(archives.files(path, text_files, limit=1 << 20))


@pytest.mark.parametrize(
    ("member", "complaint"),
    [
        (("../a.bin", b"a"), r"'../a.bin' leaves the folder"),
        (("x/../../a.bin", b"a"), "leaves the folder"),
        (("/etc/a.bin", b"a"), "'/etc/a.bin' leaves the folder"),
        (link("a.bin", "/etc/passwd", tarfile.SYMTYPE), "neither a file nor a folder"),
        (link("a.bin", "b.bin", tarfile.LNKTYPE), "neither a file nor a folder"),
        (link("a.bin", "", tarfile.CHRTYPE), "neither a file nor a folder"),
        (("a.bin", b"a" * 11), "'a.bin' it has 12 bytes, more than 10"),
    ],
)
def test_a_harmful_member_refuses_the_whole_archive(path, member, complaint):
    archive(path, ("b.bin", b"b"), member)
    with pytest.raises(ValueError, match=f"data.tar.gz: refused.*{complaint}"):
        archives.members(path, ["b.bin"], limit=10)


def test_damage_behind_the_last_file_is_found(path):
    """The checksum of gzip stands at the end."""
    archive(path, ("b.bin", b"b"))
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="complete tar archive. Received: CRC check"):
        archives.members(path, ["b.bin"], limit=10)


def test_a_missing_member_is_named(path):
    archive(path, ("b.bin", b"b"))
    with pytest.raises(ValueError, match="expected a member called a.bin"):
        archives.members(path, ["a.bin", "b.bin"], limit=10)


@pytest.mark.parametrize("cut", [0, 10, 60])
def test_a_damaged_archive_is_named(path, cut):
    archive(path, ("b.bin", bytes(range(256)) * 40))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(
        ValueError, match="data.tar.gz: expected a complete tar archive"
    ):
        archives.members(path, ["b.bin"], limit=1 << 20)


def test_a_member_that_is_too_large_by_itself_is_refused(path):
    archive(path, ("b.txt", b"b" * 11))
    with pytest.raises(ValueError, match="refused, its member 'b.txt' has 11 bytes"):
        list(archives.files(path, text_files, limit=100, largest=10))


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_a_header_that_takes_memory_is_refused(path, kind):
    """Its content belongs to the next header, and tarfile would keep it."""
    info = link("././@LongLink", "", kind)
    info.size = 1 << 17
    path.write_bytes(gzip.compress(info.tobuf() + bytes(info.size)))
    with pytest.raises(ValueError, match="Received: a header of 131072 bytes"):
        list(archives.files(path, text_files, limit=1 << 30))
