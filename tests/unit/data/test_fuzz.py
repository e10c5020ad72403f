"""Damaged and odd files: one line that names the file, or the right arrays.

Each example damages one file of a small dataset, or makes an odd one. CI tries the same
few hundred every time. `make fuzz` tries other ones for minutes.
"""

import gzip
import io
import lzma
import os
import resource
import signal
import struct
import tarfile
import tracemalloc
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from raw_datasets import ARRAYS, BATCHES, cases, tarred

# Far above what the small files here need, far below what they may declare.
MOST_MEMORY = 1 << 28  # bytes
MOST_SECONDS = 20
# Numbers that headers get wrong.
NUMBERS = (0, 1, 5, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=120,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile(
    "fuzz", settings.get_profile("ci"), derandomize=False, max_examples=2_000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


class Hang(BaseException):
    """No reader catches this one."""


@contextmanager
def bounded(seconds=MOST_SECONDS):
    """Fail if the body takes more memory or time than any small file may."""

    def hang(*_):
        raise Hang(f"no answer in {seconds} s")

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(seconds)
    tracemalloc.start()
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    # The first sees what is only reserved, the second what C libraries take.
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident
    assert peak < MOST_MEMORY
    assert 1024 * grown < MOST_MEMORY


def loaded(case, files):
    """Return the arrays of a dataset, or None where it is refused in one good line."""
    with TemporaryDirectory() as folder, bounded():
        try:
            arrays = case.read(Path(folder), files)
        except ValueError as error:
            message, arrays = str(error), None
            assert folder in message, message
            assert len(message.splitlines()) == 1, message
            assert len(message) < 1500, message
            assert "Received" in message or "refused" in message, message
        # Nothing else was written.
        written = (path for path in Path(folder).rglob("*") if path.is_file())
        assert {str(path.relative_to(folder)) for path in written} == set(files)
    return arrays


def check(case, arrays):
    """The arrays have the form that is declared, whatever the file has gone through."""
    declared = case.declared
    for split in ("train", "test"):
        inputs, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
        examples = declared[f"{split}_examples"]
        assert len(inputs) == examples
        assert (labels.shape, labels.dtype) == ((examples,), np.int32)
        assert inputs.dtype == np.float32
        assert np.isfinite(inputs).all()
        assert 0 <= labels.min() <= labels.max() < declared["classes"]
    assert arrays["x_train"].shape[1:] == arrays["x_test"].shape[1:]


@st.composite
def damaged(draw, content):
    """Draw `content` with one to three damages."""
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        size = draw(st.integers(1, 16))
        match draw(
            st.sampled_from(["flip", "number", "cut", "insert", "drop", "copy"])
        ):
            case "flip" if content:
                content[place] ^= 1 << draw(st.integers(0, 7))
            case "number":
                form = draw(st.sampled_from(["B", "<H", ">H", "<I", ">I", "<Q", ">Q"]))
                bits = 8 * struct.calcsize(form)
                number = draw(st.sampled_from(NUMBERS)) & (1 << bits) - 1
                if draw(st.booleans()):
                    number = number << bits // 2 & (1 << bits) - 1
                new = struct.pack(form, number)
                content[place : place + len(new)] = new
            case "cut":
                del content[place:]
            case "insert":
                content[place:place] = draw(st.binary(min_size=1, max_size=size))
            case "drop":
                del content[place : place + size]
            case "copy":
                other = draw(st.integers(0, max(len(content) - 1, 0)))
                content[place : place + size] = content[other : other + size]
    return bytes(content)


ODD = st.sampled_from([-1, 2, 3, 4, 6, 10, *NUMBERS, 1 << 40, 1 << 62, 1 << 63])
SHAPES = st.one_of(
    st.lists(ODD, max_size=4),
    st.lists(st.sampled_from([1, 6]), max_size=70),
    st.just([6, 3, 2]),
)
TYPES = (
    *("<f4", ">f8", "<f2", "|u1", "<u2", "<i8", ">u8", "|b1", "<c8", "<f16", "|O"),
    *("<U3", "|S0", "|S9", "|V3", "<M8[s]", "(3,)<f4", "<f0", "nonsense", "<L8"),
)


@st.composite
def odd_npz(draw):
    """Draw an NPZ file of which one member has an odd header."""
    header = draw(
        st.one_of(
            st.builds(
                "{{'descr': {!r}, 'fortran_order': {}, 'shape': {}, }}".format,
                st.sampled_from(TYPES),
                st.booleans(),
                SHAPES.map(tuple),
            ),
            st.sampled_from(["", "{}", "(" * 5000, "[('a', '<f4')]", "{'descr': 1}"]),
            st.text(max_size=40),
        )
    ).encode("utf-8", "surrogatepass")
    version = draw(st.sampled_from([1, 1, 1, 2, 3, 4, 255]))
    form = "<H" if version == 1 else "<I"
    size = draw(st.one_of(st.just(len(header)), st.sampled_from(NUMBERS[:8])))
    content = b"\x93NUMPY" + bytes([version, 0]) + struct.pack(form, size) + header
    content += draw(st.binary(max_size=64))
    made = {name: layers[1:] for name, layers in CASES["npz"].files.items()}
    name = draw(st.sampled_from(sorted(ARRAYS)))
    layer = made["mine.npz"][list(ARRAYS).index(name)]
    return {"mine.npz": layer.packed(content)}


@st.composite
def odd_hdf5(draw):
    """Draw an HDF5 file of which one member is odd."""
    stream, odd = io.BytesIO(), draw(st.sampled_from(sorted(ARRAYS)))
    with h5py.File(
        stream, "w", libver=draw(st.sampled_from(["earliest", "latest"]))
    ) as file:
        for name in sorted(set(ARRAYS) - {odd}):
            file[name] = ARRAYS[name]
        link = draw(
            st.sampled_from(
                [
                    h5py.SoftLink("/x_test"),
                    h5py.SoftLink(f"/{odd}"),
                    h5py.ExternalLink("/etc/passwd", "x"),
                    h5py.ExternalLink("mine.h5", odd),
                    h5py.Empty("f4"),
                    np.dtype("f4"),
                    "text",
                    None,
                ]
            )
        )
        if link is not None:
            file[odd] = link
        else:
            shape = tuple(draw(st.one_of(SHAPES, st.just(list(ARRAYS[odd].shape)))))
            options = draw(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "chunks": st.just(True),
                        "compression": st.sampled_from(["gzip", "lzf"]),
                        "shuffle": st.booleans(),
                        "fletcher32": st.booleans(),
                        "scaleoffset": st.just(3),
                        "maxshape": st.just((None,) * len(shape)),
                        "fillvalue": st.just(1),
                    },
                )
            )
            assume("scaleoffset" not in options or shape)
            kind = draw(st.sampled_from(["u1", "f4", "f8", "i8", "c8", "S3", "f4,i4"]))
            try:
                data = file.create_dataset(odd, shape, kind, **options)
                if data.size < 1000 and draw(st.booleans()):
                    data[()] = np.zeros(shape, kind)
            except Exception:
                # HDF5 itself refuses to write this one.
                assume(False)
    return {"mine.h5": stream.getvalue()}


@st.composite
def odd_idx(draw):
    """Draw MNIST's four files, of which one has an odd header."""
    files = CASES["idx"].whole()
    name = draw(st.sampled_from(sorted(files)))
    sizes = draw(st.lists(ODD, max_size=5))
    count = draw(st.one_of(st.just(len(sizes)), st.integers(0, 255)))
    head = bytes([0, 0, draw(st.sampled_from([8, 8, 8, 9, 13])), count])
    head += b"".join(struct.pack(">I", size & 0xFFFFFFFF) for size in sizes)
    return files | {name: gzip.compress(head + draw(st.binary(max_size=64)))}


KINDS = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE)
MORE_KINDS = (tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.XHDTYPE, tarfile.XGLTYPE)
LONG_KINDS = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE, b"?")


@st.composite
def odd_tar(draw):
    """Draw a tar archive with an odd header in the middle."""
    info = tarfile.TarInfo(draw(st.sampled_from(["a", "../a", "/a", "x/../../a", ""])))
    info.type = draw(st.sampled_from([*KINDS, *MORE_KINDS, *LONG_KINDS]))
    info.size = draw(st.sampled_from([0, 1, 511, 512, 513, 1 << 20, 1 << 40, -1, -512]))
    info.linkname = draw(st.sampled_from(["", "/etc/passwd", "a"]))
    info.pax_headers = draw(
        st.dictionaries(
            st.sampled_from(["path", "size", "GNU.sparse.map", "GNU.sparse.size"]),
            st.sampled_from(["-1", "0", "99999999999999999", "../x", "0,1,2", "\0"]),
            max_size=2,
        )
    )
    head = info.tobuf(tarfile.GNU_FORMAT if info.size < 0 else tarfile.PAX_FORMAT)
    body = draw(st.binary(max_size=64)).ljust(512, b"\0") * draw(st.integers(0, 2))
    return {"cifar.tar.gz": gzip.compress(head + body + tarred(BATCHES))}


@st.composite
def odd_kaldi(draw):
    """Draw lines of an scp file from pieces, and an odd archive beside it."""
    files = CASES["kaldi, binary"].whole()
    entries = st.builds(
        "{}{}{}".format,
        st.sampled_from(["feats.ark", "pdf.ark", "../test/feats.ark", "/etc/passwd"])
        | st.sampled_from(["touch gone |", "| touch gone", "-", "\0", "a" * 5000, "."]),
        st.sampled_from(
            ["", ":2", ":3", ":999999", ":", ":-1", ":99999999999999999999"]
        ),
        st.sampled_from(
            ["", "[0:1]", "[0:1,0:1]", "[::0]", "[9:1]", "[,]", "[x]", "["]
        ),
    )
    names = st.sampled_from("ab") | st.text(max_size=3)
    lines = draw(st.lists(st.builds("{} {}".format, names, entries), max_size=4))
    split = draw(st.sampled_from(["train", "test"]))
    text = "\n".join(lines).encode("utf-8", "surrogatepass")
    changes = {f"{split}/{draw(st.sampled_from(['feats', 'pdf']))}.scp": text}
    token = draw(
        st.sampled_from(["FM ", "DM ", "FV ", "CM ", "CM2 ", "CM3 ", "\4", ""])
    )
    sizes = draw(st.lists(ODD, min_size=1, max_size=4))
    head = b"a \0B" + token.encode()
    for size in sizes:
        head += b"\4" * (token in ("FM ", "DM ", "FV ")) + struct.pack(
            "<I", size & 0xFFFFFFFF
        )
    content = draw(
        st.sampled_from([head, b"a PKL(dp0\n.", b"a [ 1 2\n 3 ]\n", b"a 1 x\n"])
    )
    if draw(st.booleans()):
        changes = {f"{split}/feats.ark": content + draw(st.binary(max_size=40))}
    return files | changes


LARGE = lzma.compress(bytes(1 << 20))


@st.composite
def odd_package(draw):
    """Draw a Debian package with odd headers of its parts."""
    part = st.tuples(
        st.sampled_from(["data.tar", "data.tar.gz", "data.tar.xz", "control.tar", "/"]),
        st.sampled_from(["0", "4", "-60", "-68", "1000", "9999999999", "x", ""]),
        st.binary(max_size=20) | st.sampled_from([b"", LARGE]),
    )
    content = draw(st.sampled_from([b"!<arch>\n", b"!<arch>\n", b"!<thin>\n"]))
    for name, size, data in draw(st.lists(part, max_size=3)):
        head = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{size:<10}`\n"
        content += head.encode() + data
    return {"x.deb": content}


with TemporaryDirectory() as FOLDER:
    CASES = cases(Path(FOLDER))
WHOLE = {name: loaded(case, case.whole()) for name, case in CASES.items()}


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_a_damaged_file_is_named_or_read_as_it_was(name, data):
    case = CASES[name]
    files = case.whole()
    path = data.draw(st.sampled_from(sorted(files)))
    layer = data.draw(st.sampled_from(case.files[path]))
    files[path] = layer.packed(data.draw(damaged(layer.content)))
    arrays = loaded(case, files)
    if arrays is not None:
        check(case, arrays)
    if arrays is not None and layer.sealed:
        for array, value in WHOLE[name].items():
            np.testing.assert_array_equal(arrays[array], value, err_msg=array)


ODD_FILES = {
    "npz": odd_npz(),
    "hdf5": odd_hdf5(),
    "idx": odd_idx(),
    "cifar, tar.gz": odd_tar(),
    "kaldi, binary": odd_kaldi(),
    "festvox": odd_package(),
}


@pytest.mark.parametrize("name", [name for name in ODD_FILES if name in CASES])
@given(data=st.data())
def test_an_odd_file_is_named_or_read(name, data):
    case = CASES[name]
    arrays = loaded(case, data.draw(ODD_FILES[name]))
    if arrays is not None:
        check(case, arrays)


@pytest.mark.parametrize("name", CASES)
def test_what_is_damaged_here_is_read_when_it_is_whole(name):
    """Otherwise the tests above would damage what nobody reads."""
    check(CASES[name], WHOLE[name])
