"""CIFAR-10 and CIFAR-100 in their binary version; their pickles are never loaded.

A record is a label byte (CIFAR-100: a coarse label, then the fine one), followed by the
3,072 bytes of a 32 x 32 image: red, green and blue planes, row by row.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sharpminima.data import archives

SIDE, CHANNELS = 32, 3
DOCUMENTS = 1 << 20  # bytes; room for what an archive holds beside records
BATCHES = {
    "cifar10": {
        "train": [f"data_batch_{number}.bin" for number in range(1, 6)],
        "test": ["test_batch.bin"],
    },
    "cifar100": {"train": ["train.bin"], "test": ["test.bin"]},
}
LABEL_BYTES = {"cifar10": 1, "cifar100": 2}


def read(
    paths: Mapping[str, Path], declared: Mapping, *, variant: str = "cifar10"
) -> tuple[dict, dict]:
    """Return the four arrays and the file of each, images in [0, 1], channels last.

    Args:
        paths: File name -> path of the archive as it is distributed, or of the files
            that it holds.
        declared: The dataset's entry in the catalogue. More bytes than its examples
            have are not read.
        variant: `cifar10`, or `cifar100` for its 100 fine labels.

    Returns:
        Images `(N, 32, 32, 3)` in float32 and labels `(N,)` in uint8; the file of each,
        the first one where a set has several.

    Raises:
        ValueError: If a file is missing, too large or does not hold whole records.
    """
    label_bytes = LABEL_BYTES[variant]
    size = label_bytes + SIDE * SIDE * CHANNELS
    wanted = [name for names in BATCHES[variant].values() for name in names]
    examples = declared["train_examples"] + declared["test_examples"]
    contents = _contents(paths, wanted, limit=examples * size + DOCUMENTS)
    for path, content in contents.values():
        if len(content) % size:
            raise ValueError(
                f"{path}: expected records of {size} bytes. "
                f"Received: {len(content)} bytes"
            )

    arrays, sources = {}, {}
    for split, names in BATCHES[variant].items():
        # The batches of a set, in the order of their numbers, make one set of records.
        joined = b"".join(contents[name][1] for name in names)
        records = np.frombuffer(joined, np.uint8).reshape(-1, size)
        # From planes (channels, rows, columns) to channels last.
        images = records[:, label_bytes:].reshape(-1, CHANNELS, SIDE, SIDE)
        images = images.transpose(0, 2, 3, 1)
        arrays[f"x_{split}"] = images.astype(np.float32) / np.float32(255)
        # The last label byte: CIFAR-100's fine label.
        arrays[f"y_{split}"] = records[:, label_bytes - 1]
        sources |= {f"{kind}_{split}": contents[names[0]][0] for kind in "xy"}
    return arrays, sources


def _contents(paths, wanted, limit):
    """Return batch -> its file, for messages, and its bytes; no more than `limit`."""
    contents = {}
    # Either the archive as it is distributed, or the files that were in it.
    for path in paths.values():
        if path.suffix != ".bin":
            held = archives.members(path, wanted, limit)
            contents |= {name: (path, content) for name, content in held.items()}
        elif path.stat().st_size <= limit:
            contents[path.name] = (path, path.read_bytes())
        else:
            raise ValueError(
                f"{path}: expected at most {limit} bytes for the examples that are "
                f"declared. Received: {path.stat().st_size}"
            )
    if missing := [name for name in wanted if name not in contents]:
        raise ValueError(
            f"{next(iter(paths.values())).parent}: expected a file called "
            f"{missing[0]}. Received: none"
        )
    return {name: contents[name] for name in wanted}
