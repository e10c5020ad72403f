"""Datasets as arrays: what is stored comes back, and nothing is ever unpickled."""

import h5py
import numpy as np
import pytest

from sharpminima.data.readers import arrays, registry

DECLARED = {"train_examples": 6, "test_examples": 4, "classes": 3}


@pytest.fixture
def content():
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.normal(size=(6, 5, 2)),
        "y_train": np.arange(6) % 3,
        "x_test": rng.normal(size=(4, 5, 2)),
        "y_test": np.arange(4) % 3,
    }


def npz(folder, content):
    np.savez(folder / "mine.npz", **content)
    return {"mine.npz": folder / "mine.npz"}


def hdf5(folder, content):
    with h5py.File(folder / "mine.h5", "w") as file:
        for name, array in content.items():
            file[name] = array
    return {"mine.h5": folder / "mine.h5"}


@pytest.fixture(params=[npz, hdf5])
def stored(request, tmp_path):
    return lambda content: request.param(tmp_path, content)


def load(paths, **changes):
    return registry.load(paths, reader="arrays", declared={**DECLARED, **changes})


def test_arrays_of_any_shape_come_back(stored, content):
    dataset = load(stored(content))
    np.testing.assert_allclose(dataset["x_train"], content["x_train"], rtol=1e-6)
    np.testing.assert_array_equal(dataset["y_test"], content["y_test"])
    assert (dataset["x_test"].dtype, dataset["y_train"].dtype) == (np.float32, np.int32)


def test_unsigned_bytes_are_scaled_as_images_are(stored, content):
    for name in ("x_train", "x_test"):
        content[name] = np.full(content[name].shape, 51, np.uint8)
    np.testing.assert_allclose(load(stored(content))["x_train"], 0.2)


def change(name, value):
    return lambda content: content.update({name: value})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content.pop("y_test"), "expected arrays x_train, .*y_test"),
        (change("y_train", np.arange(6) / 2), "expected y_train to hold whole numbers"),
        (change("x_train", np.zeros((6, 2), int)), "x_train to hold unsigned bytes or"),
        (change("x_train", np.zeros((6, 2), np.uint16)), "numbers. Received: uint16"),
        (change("x_test", np.full((4, 5, 2), np.nan)), "finite inputs.* in example 0"),
        (change("y_train", np.full(6, 3)), "labels from 0 to 2. Received: 3"),
        (change("y_train", np.zeros((6, 3), int)), r"one label.* of shape \(6, 3\)"),
        (change("y_test", np.zeros((4, 0), int)), r"y_test of shape \(4, 0\)"),
        (change("x_train", np.zeros((0, 2))), "expected 6 examples. Received: 0"),
        (change("y_test", np.zeros(3, int)), "expected 4 examples. Received: 3"),
    ],
)
def test_damage_is_named_with_the_file(stored, content, damage, message):
    damage(content)
    with pytest.raises(ValueError, match=rf"mine\.\w+: .*{message}"):
        load(stored(content))


def test_pickled_objects_are_never_loaded(tmp_path, content):
    content["y_train"] = np.array([print] * 6, dtype=object)
    with pytest.raises(
        ValueError, match=r"mine.npz: .* whole numbers. Received: object"
    ):
        load(npz(tmp_path, content))


@pytest.mark.parametrize("name", ["mine.npz", "mine.h5"])
def test_a_file_that_is_something_else_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"not what the name says")
    with pytest.raises(ValueError, match=f"{name}: expected"):
        arrays.read({name: tmp_path / name}, DECLARED)


def test_a_file_that_is_cut_off_is_named(stored, content):
    ((name, path),) = stored(content).items()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=rf"{name}: expected"):
        arrays.read({name: path}, DECLARED)
