"""Raw files of a tiny dataset."""

import numpy as np
import pytest

from examples import idx_file


@pytest.fixture
def raw(tmp_path):
    """Raw files of six training and four test images of three classes."""
    rng = np.random.default_rng(0)
    for stem, examples in (("train", 6), ("t10k", 4)):
        images = rng.integers(0, 256, (examples, 5, 5), dtype=np.uint8)
        labels = np.arange(examples, dtype=np.uint8) % 3
        (tmp_path / f"{stem}-images-idx3-ubyte.gz").write_bytes(idx_file(images))
        (tmp_path / f"{stem}-labels-idx1-ubyte.gz").write_bytes(idx_file(labels))
    return {path.name: path for path in sorted(tmp_path.iterdir())}
