"""Datasets: raw files -> checked arrays -> HDF5 -> the same arrays."""

import gzip
import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from project import ROOT, default_config
from sharpminima.data import datasets, raw_files
from sharpminima.data.readers import registry

CATALOGUE = default_config()["datasets"]
DECLARED = {"train_examples": 6, "test_examples": 4, "classes": 3}


def test_pixels_are_scaled_to_the_unit_interval(raw):
    dataset = registry.load(raw, reader="idx", declared=DECLARED)
    assert dataset["x_train"].dtype == np.float32
    assert dataset["y_train"].dtype == np.int32
    assert dataset["x_train"].shape == (6, 5, 5)
    pixels = np.frombuffer(
        gzip.decompress(raw["t10k-images-idx3-ubyte.gz"].read_bytes())[16:], np.uint8
    )
    np.testing.assert_allclose(dataset["x_test"].ravel(), pixels / 255, rtol=1e-6)


def test_a_prepared_file_tells_its_form(raw, tmp_path):
    path = tmp_path / "tiny.h5"
    datasets.write(path, registry.load(raw, reader="idx", declared=DECLARED), {})
    assert datasets.form(path) == ((5, 5), 3)


def test_the_form_of_speech_has_its_context(tmp_path):
    path = tmp_path / "speech.h5"
    arrays = {"x_train": np.zeros((6, 40), np.float32), "context": 4, "classes": 7}
    datasets.write(path, arrays, {})
    assert datasets.form(path) == ((360,), 7)


def test_a_dataset_comes_back_from_its_file(raw, tmp_path):
    dataset = registry.load(raw, reader="idx", declared=DECLARED)
    path = tmp_path / "out" / "tiny.h5"
    datasets.write(path, dataset, {"source": "tiny"})
    again = datasets.read(path)
    for name in datasets.ARRAYS:
        np.testing.assert_array_equal(getattr(again, name), dataset[name])
    assert again.classes == 3


def test_a_prepared_file_is_the_same_byte_for_byte(raw, tmp_path):
    dataset = registry.load(raw, reader="idx", declared=DECLARED)
    for name in ("a.h5", "b.h5"):
        datasets.write(tmp_path / name, dataset, {"source": "tiny"})
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_the_bundled_digits_are_stratified_shuffled_and_complete(tmp_path):
    folder = ROOT / "workflow/resources/mnist5k"
    declared = CATALOGUE["mnist5k"]
    paths = {name: folder / name for name in declared["files"]}
    dataset = registry.load(paths, reader="idx", declared=declared)
    assert np.bincount(dataset["y_train"]).tolist() == [400] * 10
    assert np.bincount(dataset["y_test"]).tolist() == [100] * 10
    assert len(np.unique(dataset["y_train"][:100])) == 10
    every = np.concatenate([dataset["x_train"], dataset["x_test"]]).reshape(5000, -1)
    assert len(np.unique(every, axis=0)) == 5000


def test_the_real_mnist_is_what_the_catalogue_declares():
    dataset = real("mnist", os.environ.get("SHARPMINIMA_RAW_FOLDER", "data/raw"))
    assert dataset["x_train"].shape == (60_000, 28, 28)
    assert np.bincount(dataset["y_test"]).min() > 800


def test_the_real_fashion_mnist_is_what_the_catalogue_declares():
    dataset = real("fashion-mnist", "/usr/share/datasets")
    assert dataset["x_test"].shape == (10_000, 28, 28)
    assert np.bincount(dataset["y_train"]).tolist() == [6000] * 10


def real(name, raw_folder):
    """Return the arrays of the catalogue's dataset `name`, or skip the test."""
    folder, declared = Path(raw_folder) / name, CATALOGUE[name]
    if not all((folder / file).exists() for file in declared["files"]):
        pytest.skip(f"needs the files of {name} in {folder}")
    paths = raw_files.locate(folder, declared["files"])
    return registry.load(paths, reader=declared["reader"], declared=declared)


def test_origin_is_stored(raw, tmp_path):
    dataset = registry.load(raw, reader="idx", declared=DECLARED)
    datasets.write(tmp_path / "a.h5", dataset, {"source": "tiny", "files": "{}"})
    with h5py.File(tmp_path / "a.h5") as file:
        assert file.attrs["source"] == "tiny"
        assert json.loads(file.attrs["files"]) == {}


def labels_of(examples):
    """Return `examples` labels of three classes, of shares 5 : 3 : 2, shuffled."""
    labels = np.repeat([0, 1, 2], [examples // 2, examples * 3 // 10, examples // 5])
    return np.random.default_rng(0).permutation(labels)


@pytest.mark.parametrize("examples", [10, 50, 99, 100])
def test_a_subset_keeps_each_class_its_share(examples):
    labels = labels_of(100)
    kept = datasets.stratified(labels, examples, np.random.default_rng(1))
    assert len(np.unique(kept)) == examples
    shares = np.bincount(labels[kept]) / examples
    np.testing.assert_allclose(shares, [0.5, 0.3, 0.2], atol=1.01 / examples)


def test_which_examples_are_kept_is_drawn():
    labels = labels_of(100)
    draws = [
        datasets.stratified(labels, 20, np.random.default_rng(seed)).tolist()
        for seed in (0, 0, 1)
    ]
    assert draws[0] == draws[1] != draws[2]


@pytest.fixture
def prepared(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.random((100, 2), np.float32), labels_of(100).astype(np.int32)
    path = tmp_path / "d.h5"
    arrays = {"x_train": x, "y_train": y, "x_test": x[:50] + 1, "y_test": y[:50]}
    datasets.write(path, arrays | {"classes": np.int64(3)}, {})
    return path


def test_measures_see_a_part_of_what_was_trained_on(prepared):
    trained = datasets.read(prepared, {"train_examples": 40, "test_examples": 20})
    both = {"train_examples": 40, "test_examples": 20, "measure_examples": 10}
    measured = datasets.read(prepared, both)
    assert (len(trained.x_train), len(trained.x_test)) == (40, 20)
    assert (len(measured.y_train), len(measured.y_test)) == (10, 20)
    known = {tuple(row) for row in trained.x_train}
    assert {tuple(row) for row in measured.x_train} < known


def test_more_than_there_is_is_refused(prepared):
    with pytest.raises(ValueError, match="`test_examples` must be at most 50"):
        datasets.read(prepared, {"test_examples": 51})
