"""What a saved config may name: nothing that runs code or opens files."""

import json

import pytest
from saved_models import convolutional

from sharpminima.backend import keras
from sharpminima.networks import safe_configs
from sharpminima.storage.errors import Refused

pytestmark = pytest.mark.computes
layers = keras.layers


def config_of(model):
    """Return a model's config as a file has it."""
    return json.loads(model.to_json())


def layer(name, module="keras.layers", own=None, **config):
    return {
        "module": module,
        "class_name": name,
        "config": {"name": "bad", **config},
        "registered_name": own,
    }


def function(name, module, own="function"):
    return {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": own,
    }


# What a file names, and what the message calls it.
REFUSED = {
    "Lambda": (layer("Lambda"), "Lambda (layer bad)"),
    "Lambda of an older format": ({"class_name": "Lambda", "config": {}}, "Lambda"),
    "Python code": ({"class_name": "__lambda__", "config": {}}, "__lambda__"),
    "a type of TensorFlow": (
        {"class_name": "__typespec__", "config": [], "spec_name": "X"},
        "__typespec__",
    ),
    "a custom layer": (layer("Mine", "builtins", "Custom>Mine"), "Custom>Mine"),
    "a module": (layer("Popen", "subprocess"), "Popen (layer bad)"),
    "a module of Keras": (layer("TFSMLayer"), "TFSMLayer (layer bad)"),
    "a hidden module of Keras": (
        layer("Dense", "keras.src.layers.core.dense"),
        "Dense (layer bad)",
    ),
    "a layer that reads a file": (
        layer("StringLookup", vocabulary="/etc/passwd"),
        "StringLookup (layer bad)",
    ),
    "a class of ours": (
        layer("BatchMoments", "sharpminima", "sharpminima>BatchMoments"),
        "sharpminima>BatchMoments",
    ),
    "a name of ours on a layer of Keras": (
        layer("Dense", own="sharpminima>BatchMoments"),
        "sharpminima>BatchMoments",
    ),
    "an unknown layer": (layer("Nonsense"), "Nonsense (layer bad)"),
    "an operation that takes a function": (
        layer("Map", "keras.src.ops.core"),
        "Map (layer bad)",
    ),
    "a function that downloads": (
        layer("Dense", activation=function("get_file", "keras.utils")),
        "get_file of keras.utils",
    ),
    "a function of another module": (
        layer("Dense", activation=function("system", "os")),
        "system of os",
    ),
    "a function of one's own": (
        layer("Dense", activation=function("swirl", "builtins", "Custom>swirl")),
        "swirl of builtins",
    ),
    "an own function under a known name": (
        layer("Dense", activation=function("relu", "builtins", "Custom>relu")),
        "relu of builtins",
    ),
    "inside a wrapper": (
        layer("TimeDistributed", layer=layer("Lambda")),
        "Lambda (layer bad)",
    ),
    "as an initializer": (
        layer("Dense", kernel_initializer=layer("Lambda", "keras.layers")),
        "Lambda (layer bad)",
    ),
    "a class without a name": ({"class_name": ["Lambda"], "config": {}}, "['Lambda']"),
}


@pytest.mark.parametrize(("named", "received"), REFUSED.values(), ids=REFUSED)
def test_code_and_files_are_refused_by_name(named, received):
    config = config_of(convolutional())
    config["config"]["layers"].append(named)
    with pytest.raises(Refused) as refused:
        safe_configs.checked(config, "m.keras")
    assert str(refused.value).startswith("m.keras: expected ")
    assert f"Received: {received}" in str(refused.value)


def functional():
    x = keras.Input((4,))
    y = layers.Dense(3, activation=keras.ops.tanh, kernel_regularizer="l2")(x)
    y = keras.ops.relu(y + 0.5)
    y = layers.Dense(3, kernel_initializer=keras.initializers.Orthogonal(1))(y)
    return keras.Model(x, layers.Softmax(name="last")(y))


def nested():
    inner = [keras.Input((4,)), layers.Dense(3, activation="softmax", name="last")]
    return keras.Sequential([keras.Input((4,)), keras.Sequential(inner)])


def activation():
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3), layers.Activation("softmax", name="last")]
    )


@pytest.mark.parametrize("model", [functional, nested, activation])
def test_the_softmax_is_taken_off_wherever_the_output_is_made(model):
    checked = safe_configs.checked(config_of(model()), "m.keras")
    config, name = safe_configs.without_softmax(checked, "m.keras")
    assert name == "last"
    assert "softmax" not in json.dumps(config).lower()
    again, nothing = safe_configs.without_softmax(config, "m.keras")
    assert (again, nothing) == (config, "")


def test_a_softmax_before_the_output_stays():
    stack = [layers.Dense(3, activation="softmax"), layers.Dense(3)]
    config = config_of(keras.Sequential([keras.Input((4,)), *stack]))
    assert safe_configs.without_softmax(config, "m.keras") == (config, "")


@pytest.mark.parametrize("last", ["sigmoid", "hard_sigmoid"])
def test_other_probabilities_are_refused(last):
    config = config_of(convolutional(last))
    with pytest.raises(Refused, match=f"Received: {last} in layer top"):
        safe_configs.without_softmax(config, "m.keras")


def test_several_outputs_are_refused():
    x = keras.Input((4,))
    model = keras.Model(x, [layers.Dense(3)(x), layers.Dense(3)(x)])
    with pytest.raises(Refused, match="expected a model with one output. Received: 2"):
        safe_configs.without_softmax(config_of(model), "m.keras")


@pytest.mark.parametrize(
    "loss", ["mse", "MeanAbsoluteError", {"class_name": "MeanSquaredError"}]
)
def test_a_regression_is_refused(loss):
    config = config_of(convolutional()) | {"compile_config": {"loss": loss}}
    with pytest.raises(Refused, match="Received: one that was compiled with"):
        safe_configs.checked(config, "m.keras")


def test_what_the_model_was_compiled_with_is_left_out():
    loss = {"class_name": "Mine", "registered_name": "mine>Mine"}
    config = config_of(convolutional())
    plain = safe_configs.checked(config, "m.keras")
    compiled = config | {"compile_config": {"loss": loss, "optimizer": loss}}
    assert safe_configs.checked(compiled, "m.keras") == plain


def test_precision_penalties_and_the_size_of_batches_are_left_out():
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(8, 4)),
            layers.Dense(3, dtype="mixed_float16", bias_regularizer="l1"),
            layers.Embedding(5, 2, dtype="bfloat16"),
        ]
    )
    config = safe_configs.checked(config_of(model), "m.keras")
    text = json.dumps(config)
    assert "float16" not in text
    assert "L1" not in text
    assert config["config"]["layers"][0]["config"]["batch_shape"] == [None, 4]
