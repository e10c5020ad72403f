"""Each kind of file that is refused, and its message, as the docs list them."""

import gzip
import io
import pickle
import re
import struct
import tarfile
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pytest

from project import ROOT
from raw_datasets import ARRAYS, BATCHES, cases, zipped
from sharpminima.data.readers import festvox

DOCS = ROOT / "workflow/docs/datasets.md"
TRAIN = "train-images-idx3-ubyte.gz"
for library in festvox.LIBRARIES:
    pytest.importorskip(library, reason="needs `make speech`")
with TemporaryDirectory() as FOLDER:
    CASES = cases(Path(FOLDER))


def npz(**changes):
    """Return an NPZ file with other arrays, or other content of some members."""
    members = {}
    for name, value in (ARRAYS | changes).items():
        members[name] = value if isinstance(value, bytes) else member(value)
    return {"mine.npz": zipped(members)}


def member(array):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    return stream.getvalue()


def header(shape, kind="|u1"):
    """Return an NPY file that declares a shape and holds six bytes."""
    text = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + b"123456"


def encrypted():
    content = bytearray(npz()["mine.npz"])
    # The first flag of a member says so, in its own header and in the directory.
    for magic, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(magic) + place] |= 1
    return {"mine.npz": bytes(content)}


def hdf5(make, **others):
    """Return an HDF5 file whose `x_train` is what `make` makes of it."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name in sorted(set(ARRAYS) - {"x_train"}):
            file[name] = ARRAYS[name]
        make(file)
    return {"mine.h5": stream.getvalue()} | others


def put(value):
    return lambda file: file.__setitem__("x_train", value)


def declared(*args, **options):
    return lambda file: file.create_dataset("x_train", *args, **options)


def virtual(file):
    layout = h5py.VirtualLayout((6, 3, 2), "u1")
    layout[:] = h5py.VirtualSource("other.h5", "x_train", (6, 3, 2))
    file.create_virtual_dataset("x_train", layout)


def bomb(file):
    """A chunk of 36 bytes is declared; a million are stored."""
    options = {"chunks": (6, 3, 2), "compression": "gzip"}
    data = file.create_dataset("x_train", (6, 3, 2), "u1", **options)
    data.id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(1_000_000)))


def idx(content):
    return CASES["idx"].whole() | {TRAIN: content}


def shaped(*sizes, content=b""):
    head = bytes([0, 0, 8, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)
    return idx(gzip.compress(head + content))


def tar(name="x", kind=tarfile.REGTYPE, size=0, content=b"", compress=gzip.compress):
    """Return CIFAR's archive after a member of an odd kind."""
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, "/etc/passwd"
    (whole,) = CASES["cifar, tar"].whole().values()
    return {"cifar.tar.gz": compress(info.tobuf(tarfile.GNU_FORMAT) + content + whole)}


def kaldi(**files):
    """Return Kaldi's files with another `feats.scp` or `feats.ark` for training."""
    changes = {f"train/feats.{name}": content for name, content in files.items()}
    return CASES["kaldi, binary"].whole() | changes


def deb(size):
    head = f"{'data.tar.gz':<16}{0:<12}{0:<6}{0:<6}{100644:<8}{size:<10}`\n"
    return {"x.deb": b"!<arch>\n" + head.encode()}


BEYOND = np.array([0, 1, 2, 0, 1, 2**32], np.int64)
TWICE = np.array([[1, 0, 1]] * 6)
CODE = pickle.dumps(print)
RECORD = b"a \0BFM \4" + struct.pack("<i", 10**6) + b"\4" + struct.pack("<i", 10**3)
# What the file holds, and the file. The reader follows from the file's name.
KINDS = {
    "labels that 32 bits cannot hold": npz(y_train=BEYOND),
    "labels in rows that are not one-hot": npz(y_train=TWICE),
    "one-hot labels of another number of classes": npz(y_train=np.eye(6)),
    "fewer examples than declared": npz(y_test=np.zeros(3, int)),
    "a single value": npz(x_train=np.float32(1)),
    "inputs without values": npz(x_train=np.zeros((6, 0), np.float32)),
    "inputs that are not finite": npz(
        x_train=np.full((6, 2), np.inf), x_test=np.zeros((4, 2))
    ),
    "test inputs of another shape": npz(x_test=np.zeros((4, 7), np.uint8)),
    "two sets that would be scaled differently": npz(x_test=np.zeros((4, 3, 2))),
    "other numbers": npz(x_train=np.zeros((6, 2), np.uint16)),
    "pickled objects": npz(y_train=np.array([print] * 6, object)),
    "no array": npz(x_train=CODE),
    "a damaged header": npz(x_train=header(6).replace(b"descr", b"dtype")),
    "too many dimensions": npz(x_train=header((6, *(1,) * 70))),
    "terabytes, by its header": npz(x_train=header((6, 10**12))),
    "fewer values than declared": npz(x_train=header((6, 3, 2))),
    "an encrypted member": encrypted(),
    "another compression": {"mine.npz": zipped(dict.fromkeys(ARRAYS, b""), 12)},
    "something else (NPZ)": {"mine.npz": b"not what the name says"},
    "something else (HDF5)": {"mine.h5": b"not what the name says"},
    "a group": hdf5(lambda file: file.create_group("x_train")),
    "a link to another file": hdf5(put(h5py.ExternalLink("/etc/passwd", "x"))),
    "a link that leads nowhere": hdf5(put(h5py.SoftLink("/gone"))),
    "values in another file": hdf5(
        declared((6, 3, 2), "u1", external=[("/etc/passwd", 0, 36)])
    ),
    "a virtual dataset": hdf5(virtual),
    "a named type": hdf5(put(np.dtype("f4"))),
    "references": hdf5(declared((6,), h5py.ref_dtype)),
    "an empty space": hdf5(put(h5py.Empty("f4"))),
    "values that were never written": hdf5(declared((6, 3, 2), "u1")),
    "terabytes, by its shape": hdf5(declared((6, 10**12), "u1", chunks=(1, 9))),
    "a chunk that unfolds to more": hdf5(bomb),
    "another filter": hdf5(declared(data=ARRAYS["x_train"], compression="lzf")),
    "another magic number": idx(gzip.compress(b"\0\0\x0d\3" + bytes(12))),
    "a cut header": idx(gzip.compress(b"\0\0\x08\3\0\0")),
    "sizes that no memory holds": shaped(65536, 65536, 65536, 65536),
    "no rows": shaped(6, 0, 2),
    "more than declared": shaped(6, 3, 2, content=bytes(1 << 20)),
    "gigabytes, by its sizes": shaped(6, 65536, 65536),
    "a cut gzip file": idx(CASES["idx"].whole()[TRAIN][:40]),
    "a name through `..`": tar("../x"),
    "an absolute name": tar("/x"),
    "a link": tar(kind=tarfile.SYMTYPE),
    "a device": tar(kind=tarfile.CHRTYPE),
    "a member of a terabyte": tar(size=10**12),
    "a long header": tar("././@LongLink", tarfile.GNUTYPE_LONGNAME, 1 << 30),
    "a bomb": {"cifar.tar.gz": gzip.compress(bytes(1 << 23))},
    "a damaged archive": tar(compress=lambda content: content[:3000]),
    "no whole records": {name[9:]: bytes(99) for name in list(BATCHES)[1:]},
    "a command": kaldi(scp=b"a touch gone |\n"),
    "another file (Kaldi)": kaldi(scp=b"a /etc/passwd\n"),
    "a pickle": kaldi(ark=b"a PKL" + CODE),
    "a matrix of gigabytes": kaldi(ark=RECORD),
    "text that is no text": kaldi(scp=b"\xff\n"),
    "a part of negative size": deb(-60),
}
READERS = {"npz": "arrays", "h5": "arrays", "gz": "idx", "tar.gz": "cifar10"}
READERS |= {"bin": "cifar10", "scp": "kaldi", "ark": "kaldi", "deb": "festvox"}


def case_of(files):
    """Return the dataset that the files are to be: its reader, what is declared."""
    name = max(files, key=lambda name: name.count("."))
    reader = READERS.get(name.partition(".")[2], READERS[name.rpartition(".")[2]])
    return next(case for case in CASES.values() if case.reader == reader)


def message(files, folder):
    """Return the message with which a dataset is refused, without its folder."""
    with pytest.raises(ValueError, match=r": (expected|refused)") as error:
        case_of(files).read(folder, files)
    return str(error.value).replace(f"{folder}/", "")


def rows(text):
    return dict(re.findall(r"^\| (.*?) \| `(.*)` \|$", text, re.MULTILINE))


def test_the_docs_list_what_is_refused_with_its_messages(tmp_path):
    found = {}
    for number, (kind, files) in enumerate(KINDS.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        found[kind] = message(files, folder).replace("`", "'").replace("|", "\\|")
    section = DOCS.read_text(encoding="utf-8").split("\n## Files that are refused\n")[1]
    assert rows(section.split("\n## ")[0]) == found
