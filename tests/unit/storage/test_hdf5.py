"""HDF5 files from anybody: plain arrays are read, all else is one line of refusal."""

import zlib

import h5py
import numpy as np
import pytest

from sharpminima.storage import hdf5

VALUES = np.arange(60, dtype=np.float32).reshape(20, 3)


def assert_refused(path, message):
    """Demand that a file is refused before it is opened."""
    refused = pytest.raises(hdf5.Refused, match=message)
    with refused, hdf5.reading(path):
        pytest.fail("was opened")


def made(path, make):
    """Write a file with an array and whatever `make` adds to it."""
    with h5py.File(path, "w") as file:
        file["good"] = VALUES
        make(file)
    return path


def compressed(file):
    file.create_dataset("a", data=VALUES, compression="gzip", shuffle=True)
    file.create_dataset("b", data=VALUES, fletcher32=True, chunks=(7, 3))
    file.create_dataset("c", data=VALUES, compression="gzip", fletcher32=True)
    file.create_dataset("d", data=VALUES, chunks=(7, 2))


def nested(file):
    file["group/inner/a"] = VALUES
    file["group/soft"] = h5py.SoftLink("/good")
    file["group/inner/loop"] = file["group"]
    file["text"] = np.array(["ab", "c"], "S")
    file["one"], file["none"] = 3, np.empty(0, np.float32)


@pytest.mark.parametrize("make", [compressed, nested])
def test_plain_arrays_are_read(tmp_path, make):
    path = made(tmp_path / "a.h5", make)
    with hdf5.reading(path, limit=1 << 20) as file:
        np.testing.assert_array_equal(file["good"], VALUES)


def elsewhere(tmp_path):
    return made(tmp_path / "other.h5", lambda file: None)


def external_storage(file):
    file.create_dataset("bad", (8,), "u1", external=[("/etc/passwd", 0, 8)])


def virtual(file):
    layout = h5py.VirtualLayout((20, 3), np.float32)
    layout[:] = h5py.VirtualSource("other.h5", "good", (20, 3))
    file.create_virtual_dataset("bad", layout)


def bomb(file):
    """Ten zeros are declared as a chunk, and a million are stored."""
    data = file.create_dataset("bad", (10,), "u1", chunks=(10,), compression="gzip")
    data.id.write_direct_chunk((0,), zlib.compress(bytes(1_000_000)))


def twice(file):
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((10,))
    plan.set_deflate(1)
    plan.set_deflate(1)
    space = h5py.h5s.create_simple((10,))
    data = h5py.h5d.create(file.id, b"bad", h5py.h5t.STD_U8LE, space, plan)
    data.write(h5py.h5s.ALL, h5py.h5s.ALL, np.zeros(10, np.uint8))


def put(value):
    def make(file):
        file["bad"] = value

    return make


def dataset(*args, **options):
    return lambda file: file.create_dataset("bad", *args, **options)


def in_part(file):
    file.create_dataset("bad", (10, 4), "u1", chunks=(1, 4))[:3] = 1


BAD = {
    "external link": (
        put(h5py.ExternalLink("other.h5", "good")),
        "link to good in other",
    ),
    "dangling link": (put(h5py.SoftLink("/gone")), "to /gone, which leads nowhere"),
    "link to itself": (put(h5py.SoftLink("/bad")), "to /bad, which leads nowhere"),
    "external storage": (external_storage, "in the file itself. .*/etc/passwd"),
    "virtual": (virtual, "in the file itself. Received: a virtual dataset"),
    "named type": (put(np.dtype("f4")), "Received: a named type"),
    "references": (dataset((2,), h5py.ref_dtype), "numbers or text .* object"),
    "objects": (dataset(data=["text"]), "numbers or text of fixed length .* object"),
    "records": (dataset((2,), "f4,i4"), "numbers or text"),
    "empty space": (put(h5py.Empty("f4")), "Received: an empty space"),
    "never written": (dataset((9,), "u1"), "every value of 'bad' .* never written"),
    "in part": (in_part, "every value of 'bad' .* only in part"),
    "terabytes": (dataset((10**12, 4), "u1", chunks=(1, 4)), "at most 65536 bytes .*4"),
    "large chunks": (
        dataset(np.shape(VALUES), "f4", maxshape=(None, 3), chunks=(10**6, 3)),
        "at most 65536 bytes in 'bad'. .* 12000000 bytes",
    ),
    "lzf": (dataset(data=VALUES, compression="lzf"), "gzip or not .*32000"),
    "scale-offset": (dataset(data=VALUES, scaleoffset=2), "gzip or not .*6"),
    "twice": (twice, r"gzip or not at all. Received: HDF5 filters \[1, 1\]"),
    "bomb": (bomb, "chunks of 10 bytes in 'bad'. Received: 15 or more"),
}


@pytest.mark.parametrize(("make", "message"), BAD.values(), ids=BAD)
def test_what_could_do_harm_is_refused_in_one_line(tmp_path, make, message):
    elsewhere(tmp_path)
    path = made(tmp_path / "a.h5", make)
    with (
        pytest.raises(hdf5.Refused, match=rf"^{path}: expected .*{message}") as error,
        hdf5.reading(path, limit=1 << 16),
    ):
        pytest.fail("was opened")
    assert "bad" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"PK\3\4 and more", r"a file that begins with b'PK"), (b"", "no bytes")],
)
def test_a_file_that_is_something_else_says_what_it_is(tmp_path, content, found):
    path = tmp_path / "a.h5"
    path.write_bytes(content)
    assert_refused(path, rf"a.h5: expected an HDF5 file. .*{found}")


@pytest.mark.parametrize("path", ["/dev/zero", "/"])
def test_what_is_no_file_is_not_read(path):
    assert_refused(path, "Received: no regular file")


def test_a_file_that_is_cut_off_is_named(tmp_path):
    path = made(tmp_path / "a.h5", compressed)
    path.write_bytes(path.read_bytes()[:-100])
    assert_refused(path, "a.h5: expected a complete HDF5 file")


def test_a_damaged_chunk_is_named_when_it_is_read(tmp_path):
    """The file opens, and its checksum tells that the values are wrong."""
    path = made(tmp_path / "a.h5", compressed)
    with h5py.File(path) as file:
        place = file["b"].id.get_chunk_info(0).byte_offset
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with (
        pytest.raises(hdf5.Refused, match="a.h5: expected a complete HDF5 file"),
        hdf5.reading(path, limit=1 << 20) as file,
    ):
        file["b"][()]


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match="a.h5"),
        hdf5.reading(tmp_path / "a.h5"),
    ):
        pytest.fail("was opened")


def test_attributes_are_read_in_a_process_that_may_hang_or_crash(tmp_path, monkeypatch):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["good"] = VALUES
        file["good"].attrs["text"] = "words " * 20
    hdf5.check_attributes(path)
    content = path.read_bytes()
    # Where text of any length lies: a heap whose size is damaged.
    place = content.index(b"GCOL") + 8
    path.write_bytes(content[:place] + b"\xff" * 8 + content[place + 8 :])
    with pytest.raises(hdf5.Refused, match="attributes that can be read. Received: "):
        hdf5.check_attributes(path)
    monkeypatch.setattr(hdf5, "SECONDS", 1e-3)
    with pytest.raises(hdf5.Refused, match="no end after 0.001 s"):
        hdf5.check_attributes(path)
