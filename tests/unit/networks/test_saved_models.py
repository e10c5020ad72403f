"""Saved models are loaded as they answer, without code, and damage is one sentence."""

import itertools
import os
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from saved_models import CLASSES, SHAPE, convolutional, data, edited, randomised

from sharpminima.backend import keras
from sharpminima.networks import builders, saved_models
from sharpminima.storage.errors import Refused

pytestmark = pytest.mark.computes
layers, ops = keras.layers, keras.ops
X, _ = data(16)


def outputs(model):
    return ops.convert_to_numpy(model(X, training=False))


def functional():
    """Augmentation, rescaling, a residual, an operation, a penalty, a softmax layer."""
    x = keras.Input(SHAPE)
    y = layers.Rescaling(0.5)(layers.RandomFlip()(x))
    y = layers.Conv2D(3, 3, padding="same", kernel_regularizer="l2")(y)
    y = ops.relu(layers.BatchNormalization()(y) + x)
    y = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(y))
    return keras.Model(x, layers.Softmax()(layers.Dense(CLASSES)(y)))


def nested():
    stack = [layers.Flatten(), layers.Dense(5, activation="tanh"), layers.Dense(6)]
    base = keras.Sequential([keras.Input(SHAPE), *stack])
    head = keras.Sequential([keras.Input((6,)), layers.Dense(4, activation="softmax")])
    return keras.Sequential([keras.Input(SHAPE), base, head])


def logits():
    return convolutional(None)


@pytest.fixture
def saved(tmp_path):
    """Return a function that saves a model under a name; it returns the path."""

    def save(model, name="m.keras"):
        model.save(tmp_path / name)
        return tmp_path / name

    return save


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("make", [convolutional, functional, nested, logits])
def test_a_saved_model_answers_as_it_did_but_for_its_softmax(saved, make, suffix):
    model = randomised(make())
    if suffix == "h5" and make is functional:
        pytest.skip("Keras does not load operations between layers from this format.")
    path = saved(model, f"m.{suffix}")
    content = path.read_bytes()
    expected = outputs(model)
    loaded = saved_models.load(path)
    found = outputs(loaded.model)
    if make is not logits:
        assert not np.allclose(found, expected, atol=1e-2)
        found = ops.convert_to_numpy(ops.softmax(found))
    assert bool(loaded.softmax) == (make is not logits)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    unchanged = saved_models.load(path, logits=False)
    np.testing.assert_allclose(outputs(unchanged.model), expected, rtol=1e-5, atol=1e-6)
    assert loaded.model.losses == []
    assert path.read_bytes() == content


def test_a_model_that_was_compiled_with_code_of_ones_own_is_loaded(saved):
    def mine(y_true, y_pred):
        return ops.mean(y_pred)

    model = randomised(convolutional())
    model.compile("adam", mine)
    for name in ("m.keras", "m.h5"):
        loaded = saved_models.load(saved(model, name))
        assert not loaded.model.compiled


def test_half_precision_is_measured_in_full(saved):
    model = randomised(convolutional(dtype="mixed_float16"))
    loaded = saved_models.load(saved(model)).model
    assert {layer.compute_dtype for layer in loaded.layers} == {"float32"}


def network(path):
    return {"builder": path.name, "file": str(path), "options": {}}


def test_a_network_may_be_a_saved_model(saved):
    path = saved(randomised(convolutional()))
    model = builders.build(network(path), input_shape=SHAPE, classes=CLASSES)
    assert model.output_shape == (None, CLASSES)


@pytest.mark.parametrize(
    ("shape", "classes", "message"),
    [
        (SHAPE, 5, r"one output of shape \(5,\), as the dataset has classes. .*\(4,\)"),
        ((28, 28), 4, r"one input of shape \(28, 28\), .* Received: \(6, 6, 1\)"),
    ],
)
def test_a_model_for_other_data_is_refused(saved, shape, classes, message):
    path = saved(convolutional())
    with pytest.raises(Refused, match=message):
        builders.build(network(path), input_shape=shape, classes=classes)


def test_several_inputs_and_one_number_are_refused(saved):
    a, b = keras.Input((4,)), keras.Input((4,))
    path = saved(keras.Model([a, b], layers.Dense(3)(a + b)))
    with pytest.raises(Refused, match=r"one input of shape \(4,\).*\(4,\), \(4,\)"):
        builders.build(network(path), input_shape=(4,), classes=3)
    path = saved(keras.Sequential([keras.Input((4,)), layers.Dense(1)]))
    with pytest.raises(Refused, match=r"one output of shape \(3,\).*Received: \(1,\)"):
        builders.build(network(path), input_shape=(4,), classes=3)


# ------------------------------------------------------------------------ weights


def test_weights_alone_go_into_the_network_of_a_builder(tmp_path):
    model = randomised(convolutional())
    model.save_weights(tmp_path / "m.weights.h5")
    model.save(tmp_path / "m.keras")
    model.save(tmp_path / "m.h5")
    for name in ("m.weights.h5", "m.keras", "m.h5"):
        other = convolutional(None)
        assert saved_models.restore(tmp_path / name, other, whole=False) is None
        for ours, theirs in zip(other.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_weights_of_another_network_are_refused(tmp_path):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    model.save_weights(tmp_path / "m.weights.h5")
    model.save(tmp_path / "m.keras")
    for name, whole in itertools.product(("m.weights.h5", "m.keras"), (True, False)):
        with pytest.raises(Refused, match="expected the weights of the network's"):
            saved_models.restore(tmp_path / name, convolutional(None), whole=whole)


# ------------------------------------------------------------ harmful and damaged


class Custom(layers.Layer):
    def call(self, inputs):
        return inputs


def test_custom_layers_and_code_are_refused_before_keras_reads_them(saved, tmp_path):
    witness = tmp_path / "ran"

    def run(x, path=str(witness)):
        os.makedirs(path, exist_ok=True)  # noqa: PTH103
        return x

    code = layers.Lambda(run, output_shape=SHAPE)
    for bad, name in ((code, "Lambda"), (Custom(), "Custom")):
        stack = [keras.Input(SHAPE), bad, layers.Flatten(), layers.Dense(4)]
        model = keras.Sequential(stack)
        model(X)
        assert witness.exists() == (name == "Lambda")
        for suffix in ("keras", "h5"):
            path = saved(model, f"m.{suffix}")
            if witness.exists():
                witness.rmdir()
            with pytest.raises(Refused, match=f"alone.*Received: {name} .layer "):
                saved_models.load(path)
            assert not witness.exists()


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_a_layer_slipped_into_a_file_is_refused(saved, tmp_path, suffix):
    def slip(config):
        bad = {"class_name": "TFSMLayer", "config": {"filepath": "/tmp/x"}}
        config["config"]["layers"].append(bad)
        return config

    path = saved(convolutional(), f"m.{suffix}")
    bad = edited(path, slip, to=tmp_path / f"bad.{suffix}")
    with pytest.raises(Refused, match="TFSMLayer"):
        saved_models.load(bad)


def test_files_of_another_kind_are_refused(tmp_path):
    for name, content, message in (
        ("a.keras", b"", "complete ZIP file"),
        ("a.keras", b"PK\x03\x04" + bytes(100), "complete ZIP file"),
        ("a.h5", b"", "Received: no bytes"),
        ("a.h5", b"not HDF5", "expected an HDF5 file"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Refused, match=message):
            saved_models.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        saved_models.load(tmp_path / "none.keras")


def test_weights_are_no_whole_model(tmp_path):
    convolutional().save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(Refused, match="Received: weights without their model"):
        saved_models.load(tmp_path / "m.weights.h5")


def rezipped(path, to, **members):
    """Write a .keras file with other members."""
    with ZipFile(path) as before, ZipFile(to, "w") as after:
        for name in before.namelist():
            content = members.get(name.split(".")[0], before.read(name))
            if content is not None:
                after.writestr(name, content)
    return to


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"config": None}, "one member called config.json. Received: 0"),
        ({"model": None}, "one member called model.weights.h5. Received: 0"),
        ({"config": b"{"}, "JSONDecodeError"),
        ({"config": b"[]"}, "a config that begins with"),
        ({"config": b"{}"}, "a config that begins with"),
        ({"config": b'{"class_name": "Sequential"}'}, "KeyError"),
        (
            {"config": b'{"class_name": "Sequential", "config": {"layers": []}}'},
            "IndexError",
        ),
        (
            {"config": b'{"class_name": "Dense", "config": {}}'},
            "a saved Dense",
        ),
        ({"config": b"[" * 100_000}, "RecursionError"),
        ({"model": b"not HDF5"}, "m.keras: expected an HDF5 file"),
    ],
)
def test_damaged_members_are_refused(saved, tmp_path, members, message):
    (tmp_path / "sub").mkdir()
    path = saved(convolutional(), "sub/m.keras")
    with pytest.raises(Refused, match=message):
        saved_models.load(rezipped(path, tmp_path / "m.keras", **members))


def test_a_bomb_is_refused(saved, tmp_path):
    path = saved(convolutional())
    with ZipFile(path) as archive:
        config = archive.read("config.json")
    zeros = bytes(saved_models.SMALL + (1 << 20))
    with ZipFile(tmp_path / "bomb.keras", "w", ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", zeros)
    with pytest.raises(Refused, match="expected at most .* bytes in model.weights.h5"):
        saved_models.load(tmp_path / "bomb.keras")


def test_any_cut_or_flipped_bit_is_refused_or_read(saved, tmp_path):
    """No other error and no crash: damage of a file is one sentence."""
    rng, refusals = np.random.default_rng(0), []
    for suffix in ("keras", "h5"):
        content = saved(convolutional(), f"m.{suffix}").read_bytes()
        bad = tmp_path / f"bad.{suffix}"
        for trial in range(6):
            damaged = bytearray(content)
            # Where a file says what it holds, not only in its values.
            damaged[rng.integers(len(content) // 4)] ^= 1 << rng.integers(8)
            if trial < 2:
                damaged = damaged[: rng.integers(len(content))]
            bad.write_bytes(damaged)
            try:
                saved_models.load(bad)
            except Refused as error:
                refusals.append(str(error).startswith(f"{bad}: expected "))
    assert all(refusals)
    assert len(refusals) > 3
