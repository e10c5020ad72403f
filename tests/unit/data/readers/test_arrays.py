"""Datasets as arrays: what is stored comes back, and nothing is ever unpickled."""

import logging
import re

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
    path = stored(content)
    np.testing.assert_allclose(load(path)["x_train"], 0.2)
    np.testing.assert_array_equal(load(path, scaled=False)["x_train"], 51)


@pytest.mark.parametrize(
    "form",
    [
        lambda labels: labels[:, None],
        lambda labels: np.eye(3)[labels],
        lambda labels: np.eye(3, dtype=int)[labels],
        lambda labels: np.eye(3, dtype=bool)[labels],
    ],
    ids=["column", "floats", "integers", "truth values"],
)
@pytest.mark.parametrize("changes", [{}, {"classes": None}])
def test_columns_and_one_hot_rows_are_taken_as_labels(
    stored, content, form, changes, caplog
):
    for name in ("y_train", "y_test"):
        content[name] = form(content[name])
    declared = {k: v for k, v in (DECLARED | changes).items() if v}
    with caplog.at_level(logging.INFO):
        dataset = registry.load(stored(content), reader="arrays", declared=declared)
    assert dataset["y_train"].tolist() == [0, 1, 2, 0, 1, 2]
    assert dataset["y_test"].tolist() == [0, 1, 2, 0]
    assert (dataset["y_test"].dtype, dataset["classes"]) == (np.int32, 3)
    assert len(re.findall(r"mine.\w+: y_\w+ is .*labels?", caplog.text)) == 2


def test_one_hot_test_labels_may_lack_the_last_class(stored, content):
    content["y_train"] = np.eye(3)[content["y_train"]]
    content["y_test"] = np.eye(3)[[0, 1, 1, 0]]
    declared = {k: v for k, v in DECLARED.items() if k != "classes"}
    arrays = registry.load(stored(content), reader="arrays", declared=declared)
    assert arrays["y_test"].tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("kind", ["u1", "i1", ">u2", "<i4", "u8", "i8"])
def test_labels_of_any_integer_type_are_read(stored, content, kind):
    content["y_train"] = content["y_train"].astype(kind)
    labels = load(stored(content))["y_train"]
    assert (labels.dtype, labels.tolist()) == (np.int32, [0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize("label", [2**31, 2**32, 2**63])
def test_a_label_that_is_too_large_never_becomes_another(stored, content, label):
    content["y_train"] = content["y_train"].astype("u8")
    content["y_train"][0] = label
    with pytest.raises(ValueError, match=f"0 to 2147483648. Received: {label} at"):
        load(stored(content), classes=2**31 + 1)
    with pytest.raises(ValueError, match=f"every label from 0 to {label}, .* no 3"):
        registry.load(
            stored(content), reader="arrays", declared=DECLARED | {"classes": None}
        )


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
