"""IDX files: what is written comes back, and damage is named."""

import gzip

import numpy as np
import pytest

from examples import idx_content, idx_file
from sharpminima.data.readers import idx

DECLARED = {"train_examples": 6, "test_examples": 6}


@pytest.fixture
def images():
    return np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)


def test_an_array_comes_back_as_it_was(tmp_path, images):
    path = tmp_path / "images.gz"
    path.write_bytes(idx_file(images))
    np.testing.assert_array_equal(
        idx.read(path, "x_train", {"train_examples": 3}), images
    )


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
        idx.read(path, "x_train", {"train_examples": 3})


def folder_of(tmp_path, names, channels=()):
    """Write a dataset in MNIST's format under other names; return the paths."""
    rng = np.random.default_rng(0)
    for role, name in names.items():
        shape = (6, 4, 4, *channels) if role[0] == "x" else (6,)
        array = rng.integers(0, 2, shape, dtype=np.uint8)
        content = idx_file(array) if name.endswith(".gz") else idx_content(array)
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in names.values()}


NAMES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
UNPACKED = {role: name.removesuffix(".gz") for role, name in NAMES.items()}
PREFIXED = {
    role: f"emnist-letters-{name.replace('t10k', 'test')}"
    for role, name in NAMES.items()
}


@pytest.mark.parametrize("names", [NAMES, UNPACKED, PREFIXED])
def test_a_folder_in_the_format_of_mnist_is_read(tmp_path, names):
    arrays, sources = idx.read_folder(folder_of(tmp_path, names), DECLARED)
    assert {role: path.name for role, path in sources.items()} == names
    assert arrays["x_test"].shape == (6, 4, 4)
    assert arrays["y_test"].shape == (6,)


def test_colour_images_have_a_dimension_more(tmp_path):
    arrays, _ = idx.read_folder(folder_of(tmp_path, NAMES, channels=(3,)), DECLARED)
    assert arrays["x_train"].shape == (6, 4, 4, 3)


@pytest.mark.parametrize("change", [{"y_test": "labels.gz"}, {"y_test": None}])
def test_names_that_do_not_tell_the_roles_are_refused(change):
    names = [name for name in {**NAMES, **change}.values() if name]
    with pytest.raises(ValueError, match=r"four files called like.* Received: .*train"):
        idx.roles(names)
