"""IDX files: what is written comes back, and damage is named."""

import gzip

import numpy as np
import pytest

from examples import idx_content, idx_file
from sharpminima import idx


@pytest.fixture
def images():
    return np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)


def test_an_array_comes_back_as_it_was(tmp_path, images):
    path = tmp_path / "images.gz"
    path.write_bytes(idx_file(images))
    np.testing.assert_array_equal(idx.read(path, dimensions=idx.IMAGES), images)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda raw: gzip.compress(raw)[:-20], "expected a complete gzip file"),
        (lambda raw: raw, "expected a complete gzip file"),
        (lambda raw: b"", "expected the IDX magic number 000008 .*an empty file"),
        (lambda raw: gzip.compress(b""), "Received: an empty file"),
        (
            lambda raw: gzip.compress(bytes([0, 0, 8, 1]) + raw[4:]),
            "magic number 000008 .* 3 or 4 dimensions. Received: 00000801",
        ),
        (lambda raw: gzip.compress(raw[:-1]), "3 x 4 x 5 bytes.* Received: 59"),
        (lambda raw: gzip.compress(raw + b"\0"), "3 x 4 x 5 bytes.* Received: 61"),
        (lambda raw: gzip.compress(raw[:9]), "a header of 16 bytes. Received: 9"),
    ],
    ids=[
        "cut gzip",
        "not gzip",
        "no bytes",
        "no content",
        "labels for images",
        "one byte short",
        "one byte long",
        "cut header",
    ],
)
def test_damage_is_named_with_the_file(tmp_path, images, damage, message):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(idx_content(images)))
    with pytest.raises(ValueError, match=f"{path.name}: .*{message}"):
        idx.read(path, dimensions=idx.IMAGES)
