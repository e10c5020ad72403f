"""Made-up rows of results that are easy to average, raw files, archives, packages."""

import gzip
import io
import tarfile
import wave

import numpy as np
import pandas as pd

NAN = float("nan")
F1 = {"network": "F1", "builder": "fully_connected", "dataset": "mnist"} | {
    "input_shape": "28x28",
    "classes": 10,
    "parameters": 1_462_794,
    "train_examples": 60_000,
    "measure_examples": 60_000,
    "test_examples": 10_000,
    "variant": "plain",
    "learning_rate": 1e-3,
    "batch_norm": "batch",
}


def measurements(*searches):
    """Return rows from `(regime, seed, space, subspace seed, start, value, status)`."""
    names = ["regime", "seed", "space", "subspace_seed", "start", "sharpness", "status"]
    rows = pd.DataFrame(searches, columns=names)
    sizes = rows["regime"].map({"SB": 256, "LB": 6000})
    return rows.assign(
        **F1,
        epsilon=1e-3,
        batch_size=sizes,
        max_iterations=10,
        dimensions=rows["space"].map({"subspace": 100}),
        versions="keras 3.15.1",
    )


SEARCHES = measurements(
    ("SB", 0, "full", None, "zero", 1.0, "ceased"),
    ("SB", 0, "full", None, "random", 2.0, "ceased"),
    ("SB", 1, "full", None, "zero", 4.0, "ceased"),
    ("SB", 1, "full", None, "random", 3.0, "ceased"),
    ("LB", 0, "full", None, "zero", 100.0, "floor"),
    ("LB", 0, "full", None, "random", 90.0, "floor"),
    ("LB", 1, "full", None, "zero", NAN, "diverged"),
    ("LB", 1, "full", None, "random", NAN, "diverged"),
    ("SB", 0, "subspace", "11", "zero", 0.1, "ceased"),
    ("SB", 0, "subspace", "12", "zero", 0.3, "ceased"),
)


def idx_content(array: np.ndarray) -> bytes:
    """Return the content of an IDX file of unsigned bytes, not compressed."""
    shape = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + shape + array.tobytes()


def idx_file(array: np.ndarray) -> bytes:
    """Return an IDX file of unsigned bytes, the same for the same array."""
    return gzip.compress(idx_content(array), mtime=0)


def archive(path, *members):
    """Write a tar archive of `(name, content)` or `TarInfo` members."""
    with tarfile.open(path, "w:gz") as file:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                file.addfile(member)
            else:
                name, content = member
                info = tarfile.TarInfo(name)
                info.size = len(content)
                file.addfile(info, io.BytesIO(content))
    return path


def package(path, *members):
    """Write a Debian package whose data.tar.gz has these members (see `archive`)."""
    data = archive(path.with_name("data.tar.gz"), *members).read_bytes()
    content = b"!<arch>\n"
    for name, part in (("debian-binary", b"2.0\n"), ("data.tar.gz", data)):
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(part):<10}`\n"
        content += header.encode() + part + b"\n" * (len(part) % 2)
    path.write_bytes(content)
    return path


def recording(samples: np.ndarray, rate: int = 16_000, channels: int = 1) -> bytes:
    """Return a WAV file of int16 samples."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return content.getvalue()
