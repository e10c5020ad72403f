"""The config of `make measure`: what it says of files, and that it has no mistakes."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from saved_models import SHAPE, convolutional, data

from sharpminima.backend import keras
from sharpminima.config import layers, mistakes
from sharpminima.config.study import Study
from sharpminima.planning import checkpoints
from sharpminima.provenance import digest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two models of one kind, one of another, weights with a builder, and data."""
    monkeypatch.chdir(tmp_path)
    convolutional().save("small.keras")
    convolutional().save("large.h5")
    convolutional().save_weights("small.weights.h5")
    stack = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
    stack += [keras.layers.Dense(4, activation="softmax")]
    keras.Sequential([keras.Input(SHAPE), *stack]).save("3 other.keras")
    Path("own.py").write_text("def net(input_shape, classes): ...")
    (x, y), (x_test, y_test) = data(12), data(8)
    save(x=x, y=y, x_test=x_test, y_test=y_test)
    return tmp_path


def save(*, x, y, x_test, y_test):
    np.savez("data.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)


def measured(*files, **options):
    """Return the config and the `Study` of some checkpoints, and what is said."""
    files = [Path(file) for file in files]
    config, said = checkpoints.layer(files, Path("data.npz"), **options)
    Path("config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    found = layers.files_of([])
    assert mistakes.in_files(found, {}) == []
    return config, Study(layers.of_files(found, {})), said


def test_a_model_is_measured_as_keras_evaluates_it(folder):
    config, study, said = measured("small.keras")
    assert study.runs == study.adopted_runs == [("small", "small", 0)]
    assert study.trained_runs == study.pairs == []
    assert config["evaluation"]["batch_norm"] == "moving"
    (dataset,) = config["datasets"].values()
    assert dataset["files"] == {"data.npz": digest("data.npz")}
    assert (dataset["train_examples"], dataset["test_examples"]) == (12, 8)
    assert dataset["classes"] == 4
    assert "scaled" not in dataset
    assert config["pathvars"] == {"results": "results/measure/small"}
    assert said[0].endswith("without the softmax of its layer top")
    assert said[1] == "data.npz: 12 training and 8 test examples"
    assert sorted(p.name for p in folder.iterdir() if p.is_dir()) == []


def test_models_of_the_same_layers_make_a_pair(folder):
    _, study, _ = measured("small.keras", "large.h5", "3 other.keras")
    assert study.pairs == [["small", "large"]]
    assert study.pairs_of_runs == [("small", "small", "large", 0)]
    assert study.networks == ["small", "m-3-other"]
    names = [study.checkpoint(name)["file"] for name in study.checkpoints]
    assert names == ["small.keras", "large.h5", "3 other.keras"]


def test_files_of_one_name_are_called_by_their_folders(folder):
    for name in ("sb", "lb"):
        (folder / name).mkdir()
        convolutional().save(f"{name}/model.keras")
    _, study, _ = measured("sb/model.keras", "lb/model.keras")
    assert list(study.checkpoints) == ["sb-model", "lb-model"]
    with pytest.raises(ValueError, match="expected files of different names"):
        measured("small.keras", "small.keras")


def test_weights_need_a_builder(folder):
    with pytest.raises(ValueError, match="BUILDER=FILE.py:FUNCTION that makes"):
        measured("small.weights.h5")
    _, study, _ = measured("small.weights.h5", "large.h5", builder="own.py:net")
    assert study.networks == ["net"]
    assert study.builder_file("net") == str(folder / "own.py")
    assert study.pairs == [["small", "large"]]
    assert [study.checkpoint(n)["whole"] for n in ("small", "large")] == [False, False]


@pytest.mark.parametrize(
    ("file", "scaled", "expected", "words"),
    [
        ("small.keras", None, True, "bytes divided by 255"),
        ("small.keras", False, False, "bytes as they are"),
        ("3 other.keras", None, False, "since the model has the layer rescaling"),
        ("3 other.keras", True, True, "bytes divided by 255"),
    ],
)
def test_bytes_are_scaled_once(folder, file, scaled, expected, words):
    (x, y), (x_test, y_test) = data(12), data(8)
    as_bytes = [(255 * np.clip(each, 0, 1)).astype(np.uint8) for each in (x, x_test)]
    save(x=as_bytes[0], y=y, x_test=as_bytes[1], y_test=y_test)
    config, _, said = measured(file, scaled=scaled)
    (dataset,) = config["datasets"].values()
    assert dataset["scaled"] is expected
    assert words in said[-1]


def divided(inputs):
    return keras.Model(
        inputs, keras.layers.Dense(4)(keras.layers.Flatten()(inputs / 2))
    )


@pytest.mark.parametrize(
    ("files", "options"),
    [
        (["small.keras", "3 other.keras"], {}),
        (["divided.keras"], {}),
        (["whole.keras"], {}),
        (["small.weights.h5"], {"builder": "own.py:net"}),
    ],
)
def test_bytes_that_nobody_can_tell_how_to_scale_are_refused(folder, files, options):
    (x, y), (x_test, y_test) = data(12), data(8)
    as_bytes = [(255 * np.clip(each, 0, 1)).astype(np.uint8) for each in (x, x_test)]
    save(x=as_bytes[0], y=y, x_test=as_bytes[1], y_test=y_test)
    divided(keras.Input(SHAPE)).save("divided.keras")
    whole = [keras.Input(SHAPE, dtype="uint8"), keras.layers.Flatten()]
    keras.Sequential([*whole, keras.layers.Dense(4)]).save("whole.keras")
    with pytest.raises(ValueError, match="Say SCALED=yes to divide, or SCALED=no"):
        measured(*files, **options)
    measured(*files, **options, scaled=True)


def test_models_that_train_other_weights_are_no_pair(folder):
    frozen = convolutional()
    frozen.layers[1].trainable = False
    frozen.save("frozen.keras")
    _, study, _ = measured("small.keras", "frozen.keras")
    assert study.pairs == []


def test_other_data_make_another_dataset(folder):
    names = [list(measured("small.keras")[0]["datasets"])]
    (x, y), (x_test, y_test) = data(12, seed=4), data(8)
    save(x=x, y=y, x_test=x_test, y_test=y_test)
    names.append(list(measured("small.keras")[0]["datasets"]))
    assert names[0] != names[1]


def test_data_without_an_array_are_refused(folder):
    np.savez("data.npz", x_train=np.zeros((2, 2)), y_train=np.zeros(2))
    with pytest.raises(ValueError, match="data.npz: expected arrays x_train, y_train"):
        measured("small.keras")
    np.savez("data.npz", x_train=1, y_train=1, x_test=1, y_test=1)
    with pytest.raises(ValueError, match="x_train to be an array"):
        measured("small.keras")
