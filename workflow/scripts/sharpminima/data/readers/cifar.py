"""CIFAR-10 and CIFAR-100 in their binary version: no pickle is ever loaded.

A record is one label byte (CIFAR-100: the coarse label, then the fine one), then the
3,072 bytes of a 32 x 32 image: red, green and blue planes, row by row.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sharpminima.data import archives

SIDE, CHANNELS = 32, 3
PIXELS = SIDE * SIDE * CHANNELS
LARGEST_MEMBER = 1 << 28
BATCHES = {
    "cifar10": {
        "train": [f"data_batch_{number}.bin" for number in range(1, 6)],
        "test": ["test_batch.bin"],
    },
    "cifar100": {"train": ["train.bin"], "test": ["test.bin"]},
}
LABEL_BYTES = {"cifar10": 1, "cifar100": 2}


def read(paths: Mapping[str, Path], variant: str) -> tuple[dict, dict]:
    """Return the four arrays and the file of each, images in [0, 1], channels last.

    Args:
        paths: The archive as it is distributed, or the files that it holds.
        variant: `cifar10` or `cifar100` (its 100 fine labels).

    Raises:
        ValueError: If a file is missing or its size is no multiple of a record's.
    """
    contents = _contents(paths, variant)
    arrays, sources = {}, {}
    for split, names in BATCHES[variant].items():
        records = np.concatenate([_records(*contents[n], variant) for n in names])
        images = records[:, LABEL_BYTES[variant] :]
        images = images.reshape(-1, CHANNELS, SIDE, SIDE).transpose(0, 2, 3, 1)
        arrays[f"x_{split}"] = images.astype(np.float32) / np.float32(255)
        labels = records[:, LABEL_BYTES[variant] - 1]
        arrays[f"y_{split}"] = labels.astype(np.int32)
        sources |= {f"{kind}_{split}": contents[names[0]][0] for kind in "xy"}
    return arrays, sources


def _contents(paths, variant):
    """Return name -> (file it comes from, bytes) for every batch of records."""
    names = [name for batch in BATCHES[variant].values() for name in batch]
    found = {}
    for path in paths.values():
        if path.suffix == ".bin":
            found[path.name] = (path, path.read_bytes())
        else:
            content = archives.members(path, names, limit=LARGEST_MEMBER)
            found |= {name: (path, data) for name, data in content.items()}
    if missing := [name for name in names if name not in found]:
        folder = next(iter(paths.values())).parent
        raise ValueError(f"{folder}: expected a file called {missing[0]}. Found none")
    return found


def _records(path, content, variant):
    size = LABEL_BYTES[variant] + PIXELS
    if len(content) % size:
        raise ValueError(
            f"{path}: expected records of {size} bytes. Received: {len(content)} bytes"
        )
    return np.frombuffer(content, np.uint8).reshape(-1, size)
