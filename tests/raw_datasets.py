"""Small datasets in the formats of all readers, as bytes: to be damaged by tests."""

import bz2
import gzip
import importlib.util
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import h5py
import kaldiio
import numpy as np

from examples import idx_content, recording
from sharpminima.data import integrity
from sharpminima.data.readers import cifar, festvox, registry

ARRAYS = {
    "x_train": np.arange(6 * 3 * 2, dtype=np.uint8).reshape(6, 3, 2),
    "y_train": np.arange(6) % 3,
    "x_test": np.arange(4 * 3 * 2, dtype=np.uint8).reshape(4, 3, 2),
    "y_test": np.arange(4) % 3,
}
DECLARED = {"train_examples": 6, "test_examples": 4, "classes": 3}


@dataclass(frozen=True)
class Layer:
    """Content to damage, and what makes the file of it.

    Nobody damages content that is `sealed` without being noticed: it has a checksum.
    """

    content: bytes
    packed: Callable[[bytes], bytes] = bytes
    sealed: bool = False


@dataclass(frozen=True)
class Case:
    """A small dataset in the format of a reader: for each of its files some layers."""

    reader: str
    declared: dict
    files: dict[str, list[Layer]]

    def whole(self) -> dict[str, bytes]:
        """Return the files as they should be."""
        made = {name: layers[0] for name, layers in self.files.items()}
        return {name: layer.packed(layer.content) for name, layer in made.items()}

    def read(self, folder: Path, files: dict[str, bytes]) -> dict:
        """Write `files` to `folder`; return what the reader makes of them."""
        paths = {name: folder / name for name in files}
        for name, content in files.items():
            paths[name].parent.mkdir(exist_ok=True)
            paths[name].write_bytes(content)
        if self.reader != "festvox":
            return registry.load(paths, reader=self.reader, declared=self.declared)
        classes = self.declared["classes"]
        read = festvox.read(paths, self.declared, context=1, classes=classes)
        return integrity.checked(*read, self.declared)


def stored_as_npz(method):
    """Return layers of an NPZ file: the file, and its members one by one."""

    def member(array):
        stream = io.BytesIO()
        np.lib.format.write_array(stream, array)
        return stream.getvalue()

    def packed(name, content):
        members = {key: member(array) for key, array in ARRAYS.items()}
        return zipped(members | {name: content}, method)

    whole = packed("x_train", member(ARRAYS["x_train"]))
    inner = [
        Layer(member(array), lambda content, name=name: packed(name, content))
        for name, array in ARRAYS.items()
    ]
    return [Layer(whole, sealed=True), *inner]


def zipped(members, method=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return stream.getvalue()


def stored_as_hdf5(libver, sealed=False, **options):
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver=libver) as file:
        for name, array in ARRAYS.items():
            file.create_dataset(name, data=array, **options)
        file.attrs["source"] = "made up"
    return [Layer(stream.getvalue(), sealed=sealed)]


def compressed(content, compress):
    """Return layers of a compressed file: itself, and what is compressed."""
    return [
        Layer(compress(content), sealed=compress is not bytes),
        Layer(content, compress),
    ]


def stored_as_idx():
    files = {}
    for split, stem in (("train", "train"), ("test", "t10k")):
        for kind, called in (("x", "images-idx3"), ("y", "labels-idx1")):
            content = idx_content(ARRAYS[f"{kind}_{split}"].astype(np.uint8))
            files[f"{stem}-{called}-ubyte.gz"] = compressed(content, gzip.compress)
    return files


def tarred(members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def batch(examples, label):
    return (bytes([label]) + bytes(3072)) * examples


BATCHES = {"a/readme.txt": b"text"} | {
    f"cifar-10/{name}": batch(2, number % 3)
    for number, name in enumerate(chain(*cifar.BATCHES["cifar10"].values()))
}


def stored_as_kaldi(folder, **options):
    files = {}
    for split, number in (("train", 6), ("test", 4)):
        frames = np.arange(number * 3, dtype=np.float32).reshape(number, 3)
        states = np.arange(number, dtype=np.int32) % 3
        for name, array in (("feats", frames), ("pdf", states)):
            ark, scp = folder / f"{name}.ark", folder / f"{name}.scp"
            content = {"a": array[:3], "b": array[3:]}
            form = {} if name == "pdf" and "text" not in options else options
            kaldiio.save_ark(str(ark), content, scp=str(scp), **form)
            lines = scp.read_text().replace(f"{folder}/", "").encode()
            files[f"{split}/{name}.ark"] = [Layer(ark.read_bytes())]
            files[f"{split}/{name}.scp"] = [Layer(lines)]
    return files


def stored_as_voice():
    voice = {"usr/voice/doc/README.wav": b"no recording"}
    for number in range(4):
        samples = (np.arange(3200) * (number + 3) % 251).astype(np.int16)
        voice[f"usr/voice/wav/x_{number}.wav"] = recording(samples)
        voice[f"usr/voice/lab/x_{number}.lab"] = b"#\n0.1 1 a\n0.2 1 b\n"

    def packed(content):
        data = lzma.compress(content)
        head = f"{'data.tar.xz':<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n"
        return b"!<arch>\n" + head.encode() + data + bytes(len(data) % 2)

    return compressed(tarred(voice), packed)


SPEECH = {"classes": 3, "options": {"context": 1, "max_dropped": 0.5}}


def cases(folder):
    """Return the datasets to damage, by name."""
    npz, old, new = "mine.npz", "earliest", "latest"
    gzipped = {"compression": "gzip", "shuffle": True, "fletcher32": True}
    arrays = {
        "npz": {npz: stored_as_npz(zipfile.ZIP_STORED)},
        "npz, deflated": {npz: stored_as_npz(zipfile.ZIP_DEFLATED)},
        "hdf5": {"mine.h5": stored_as_hdf5(old)},
        "hdf5, latest": {"mine.h5": stored_as_hdf5(new)},
        "hdf5, chunks": {"mine.h5": stored_as_hdf5(old, chunks=True)},
        "hdf5, gzip": {"mine.h5": stored_as_hdf5(old, **gzipped)},
        "hdf5, gzip, latest": {"mine.h5": stored_as_hdf5(new, sealed=True, **gzipped)},
    }
    found = {name: Case("arrays", DECLARED, files) for name, files in arrays.items()}
    found["idx"] = Case("idx", DECLARED, stored_as_idx())
    declared = {"train_examples": 10, "test_examples": 2, "classes": 10}
    for name, compress in (
        ("tar", bytes),
        ("tar.gz", gzip.compress),
        ("tar.bz2", bz2.compress),
        ("tar.xz", lzma.compress),
    ):
        files = {f"cifar.{name}": compressed(tarred(BATCHES), compress)}
        found[f"cifar, {name}"] = Case("cifar10", declared, files)
    for name, options in (
        ("binary", {}),
        ("text", {"text": True}),
        ("compressed", {"compression_method": 2}),
    ):
        files = stored_as_kaldi(folder, **options)
        found[f"kaldi, {name}"] = Case("kaldi", DECLARED | SPEECH, files)
    if all(map(importlib.util.find_spec, festvox.LIBRARIES)):
        declared = {"train_examples": 54, "test_examples": 18, "classes": 6}
        files = {"x.deb": stored_as_voice()}
        found["festvox"] = Case("festvox", declared, files)
    return found
