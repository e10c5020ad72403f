"""CIFAR's binary version: planes become channels, fine labels are taken."""

import numpy as np
import pytest

from examples import archive
from sharpminima.data.readers import cifar, registry

DECLARED = {"train_examples": 15, "test_examples": 3, "classes": 10}


def batch(variant, examples, seed):
    """Return images `(n, 32, 32, 3)`, labels, and the batch of records as bytes."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (examples, 32, 32, 3), dtype=np.uint8)
    labels = rng.integers(0, 10, examples).astype(np.uint8)
    planes = images.transpose(0, 3, 1, 2).reshape(examples, -1)
    coarse = [np.full((examples, 1), 99, np.uint8)] if variant == "cifar100" else []
    records = np.concatenate([*coarse, labels[:, None], planes], axis=1)
    return images, labels, records.tobytes()


def batches(variant):
    names = [n for part in cifar.BATCHES[variant].values() for n in part]
    return {name: batch(variant, 3, seed) for seed, name in enumerate(names)}


@pytest.fixture(params=["cifar10", "cifar100"])
def variant(request):
    return request.param


def as_archive(variant, folder):
    members = [(f"cifar/{n}", b[2]) for n, b in batches(variant).items()]
    return {"c.tar.gz": archive(folder / "c.tar.gz", *members, ("cifar/x.txt", b""))}


def as_files(variant, folder):
    for name, (_, _, content) in batches(variant).items():
        (folder / name).write_bytes(content)
    return {name: folder / name for name in batches(variant)}


@pytest.mark.parametrize("raw", [as_archive, as_files])
def test_images_and_labels_come_back(tmp_path, variant, raw):
    arrays, sources = cifar.read(raw(variant, tmp_path), DECLARED, variant=variant)
    made = batches(variant)
    for split, names in cifar.BATCHES[variant].items():
        images = np.concatenate([made[name][0] for name in names])
        labels = np.concatenate([made[name][1] for name in names])
        np.testing.assert_allclose(arrays[f"x_{split}"], images / 255, rtol=1e-6)
        np.testing.assert_array_equal(arrays[f"y_{split}"], labels)
        assert arrays[f"x_{split}"].dtype == np.float32
        assert sources[f"x_{split}"].parent == tmp_path


def test_a_cut_record_is_refused(tmp_path):
    paths = as_files("cifar10", tmp_path)
    whole = paths["data_batch_3.bin"].read_bytes()
    paths["data_batch_3.bin"].write_bytes(whole[:-1])
    with pytest.raises(ValueError, match=r"data_batch_3.bin: expected records of 3073"):
        cifar.read(paths, DECLARED, variant="cifar10")


def test_an_empty_set_is_refused(tmp_path):
    paths = as_files("cifar10", tmp_path)
    paths["test_batch.bin"].write_bytes(b"")
    declared = {"train_examples": 15, "test_examples": 3, "classes": 10}
    with pytest.raises(ValueError, match=r"test_batch.bin: expected 3 examples.*: 0"):
        registry.load(paths, reader="cifar10", declared=declared)


def test_a_missing_batch_is_named(tmp_path):
    paths = as_files("cifar10", tmp_path)
    del paths["test_batch.bin"]
    with pytest.raises(ValueError, match=r"expected a file called test_batch.bin"):
        cifar.read(paths, DECLARED, variant="cifar10")


def test_counts_and_labels_are_checked_as_for_every_dataset(tmp_path):
    paths = as_files("cifar10", tmp_path)
    declared = {"train_examples": 15, "test_examples": 4, "classes": 10}
    with pytest.raises(ValueError, match=r"test_batch.bin: expected 4 examples"):
        registry.load(paths, reader="cifar10", declared=declared)
    declared |= {"test_examples": 3, "classes": 1}
    with pytest.raises(ValueError, match=r"data_batch_1.bin: expected labels from 0"):
        registry.load(paths, reader="cifar10", declared=declared)
