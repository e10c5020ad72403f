"""The config of a model that somebody saved, made safe and plain before Keras reads it.

Keras makes objects of what such a config names: it looks classes and functions up by
module and name, and rebuilds Python code that a Lambda layer holds. A safe config names
only classes from lists of Keras' own that neither hold code nor open files. A plain one
says nothing of how the model was trained, computes in float32 and returns logits.
"""

import importlib
from functools import cache

from sharpminima.backend import keras
from sharpminima.storage.errors import Refused, one_line

# What layers, initializers and so on are called by the name of their module.
KINDS = ("layers", "initializers", "regularizers", "constraints", "dtype_policies")
KINDS += ("random",)
# These hold code, call other libraries, or open files that the config names.
REFUSED = {
    *("Lambda", "TFSMLayer", "TorchModuleWrapper", "FlaxLayer", "JaxLayer"),
    *("StringLookup", "IntegerLookup", "TextVectorization", "QuantizedDTypePolicy"),
    *("QuantizedFloat8DTypePolicy", "GPTQDTypePolicy", "AWQDTypePolicy"),
}
MODELS = {"Sequential": "keras", "Functional": "keras.src.models.functional"}
# Operations between layers, such as `a + b`. The others take functions.
OPERATIONS = {f"keras.src.ops.{name}" for name in ("image", "linalg", "math")}
OPERATIONS |= {"keras.src.ops.nn", "keras.src.ops.numpy"}
FUNCTIONS = {"builtins", "keras.activations", "keras.ops", "keras.ops.nn"}
# Plain values that JSON has no form for.
VALUES = {"__keras_tensor__", "__tensor__", "__numpy__", "__ellipsis__", "__slice__"}
WAY_OUT = "Bring its code in a `builder:` file, and its weights as .weights.h5"
# Losses of a regression, as a compiled model stores them, without `_`, in lower case.
OF_REGRESSION = {
    *("mse", "mae", "mape", "msle", "meansquarederror", "meanabsoluteerror", "huber"),
    *("meanabsolutepercentageerror", "meansquaredlogarithmicerror", "logcosh"),
    *("cosinesimilarity", "poisson"),
}


def checked(config, path):
    """Return a saved config that is safe and plain; its output layer stays as it is.

    Args:
        config: What JSON gave, of a model or of a part of it.
        path: The model's file, for messages.

    Raises:
        Refused: If it names anything but Keras' own classes and functions, or one that
            may run code or open files; or if the model was compiled for a regression.
    """
    match config:
        case list():
            return [checked(part, path) for part in config]
        case {"class_name": str(name)}:
            _check_class(config, name, path)
            _check_loss(config.get("compile_config"), path)
            plain = {
                # How a model was trained does not matter, and may name other code.
                key: checked(part, path)
                for key, part in config.items()
                if key != "compile_config"
            }
            return _plain(plain, name)
        case {"class_name": _}:
            raise Refused(
                f"{path}: expected the name of a class. "
                f"Received: {one_line(config['class_name'])}"
            )
        case dict():
            return {key: checked(part, path) for key, part in config.items()}
    return config


def without_softmax(config, path) -> tuple[dict, str]:
    """Return a model's config without its final softmax, and the name of that layer.

    The name is empty if there is none: then the outputs are logits already.

    Args:
        config: What `checked` returned.
        path: The model's file, for messages.

    Raises:
        Refused: If the model has several outputs, or ends in another probability.
    """
    where = _place_of_output(config, path)
    layer = config["config"]["layers"][where]
    # The last layer may be a model of its own.
    if layer["class_name"] in MODELS:
        inner, name = without_softmax(layer, path)
    else:
        inner, name = _without_softmax(layer, path)
    layers = list(config["config"]["layers"])
    layers[where] = {**layer, **inner}
    return {**config, "config": {**config["config"], "layers": layers}}, name


def _check_class(config, name, path):
    """Refuse a class or function that is not on the lists."""
    module, own = config.get("module"), config.get("registered_name")
    if name == "function":
        function = config.get("config")
        known = module in FUNCTIONS and function in _functions()
        if not known or own not in (None, function, "function"):
            raise Refused(
                f"{path}: expected functions of keras.activations alone. Received: "
                f"{one_line(function)} of {one_line(module)}. {WAY_OUT}"
            )
        return
    if name in REFUSED or not (own in (None, name) and _is_known(module, name)):
        layer = (config.get("config") or {}).get("name", "")
        called = f" (layer {one_line(layer)})" if layer else ""
        raise Refused(
            f"{path}: expected layers of Keras alone, none that holds code or opens "
            f"files. Received: {one_line(own or name)}{called}. {WAY_OUT}"
        )


def _is_known(module, name):
    """Tell whether Keras finds a class of this module and name, and it is harmless."""
    if module in OPERATIONS:
        found = getattr(importlib.import_module(module), name, None)
        return isinstance(found, type) and issubclass(found, keras.Operation)
    if name in VALUES or name in MODELS:
        return True
    # Configs in the older format have no modules. What they mean is told by the place.
    if module is None:
        return any(name in _classes(kind) for kind in KINDS)
    if module == "keras":
        return name in _classes("dtype_policies")
    kind = module.removeprefix("keras.")
    return kind != module and kind in KINDS and name in _classes(kind)


@cache
def _classes(kind):
    members = vars(importlib.import_module(f"keras.{kind}")).items()
    return {name for name, member in members if isinstance(member, type)}


@cache
def _functions():
    members = vars(keras.activations).items()
    names = {name for name, member in members if callable(member)}
    return names - {"get", "serialize", "deserialize"}


def _check_loss(compiled, path):
    """Refuse a model that was compiled for a regression."""
    loss = compiled.get("loss") if isinstance(compiled, dict) else None
    if isinstance(loss, dict):
        loss = loss.get("class_name")
    if str(loss).replace("_", "").lower() in OF_REGRESSION:
        raise Refused(
            f"{path}: expected a model that tells classes apart: the measured loss is "
            f"the cross entropy. Received: one that was compiled with {one_line(loss)}"
        )


def _plain(config, name):
    """Return the config of one object without what measures must not see."""
    if name in MODELS:
        config = {**config, "module": MODELS[name]} if "module" in config else config
    inner = config.get("config")
    if not isinstance(inner, dict):
        return config
    # The measured loss is the cross entropy alone.
    inner = {k: None if k.endswith("_regularizer") else v for k, v in inner.items()}
    # Search steps are far below what half precision resolves.
    if name in _classes("dtype_policies"):
        inner["name"] = "float32"
    elif str(inner.get("dtype", "")).startswith(("mixed_", "bfloat", "float")):
        inner["dtype"] = "float32"
    # A model may have been built for batches of one size.
    for key in ("batch_shape", "batch_input_shape"):
        if isinstance(inner.get(key), list) and inner[key]:
            inner[key] = [None, *inner[key][1:]]
    return {**config, "config": inner}


def _place_of_output(config, path):
    """Return where the layer that makes the output stands among a model's layers."""
    inner = config["config"]
    if config["class_name"] == "Sequential":
        return len(inner["layers"]) - 1
    # One output is [name, node, tensor], and several are a list of those.
    outputs = inner["output_layers"]
    if len(outputs) == 1 and isinstance(outputs[0], list):
        (outputs,) = outputs
    if not isinstance(outputs, list) or not outputs or not isinstance(outputs[0], str):
        raise Refused(
            f"{path}: expected a model with one output. Received: {len(outputs)}"
        )
    names = [layer.get("name") or layer["config"]["name"] for layer in inner["layers"]]
    return names.index(outputs[0])


def _without_softmax(layer, path):
    inner = layer["config"]
    activation = inner.get("activation")
    if isinstance(activation, dict):
        activation = activation["config"]
    if layer["class_name"] in ("Softmax", "Sigmoid"):
        activation = layer["class_name"].lower()
    if activation in ("sigmoid", "hard_sigmoid"):
        raise Refused(
            f"{path}: expected logits or a softmax over two classes or more. "
            f"Received: {activation} in layer {one_line(inner.get('name'))}"
        )
    if activation != "softmax":
        return layer, ""
    if layer["class_name"] != "Softmax":
        return {**layer, "config": {**inner, "activation": "linear"}}, inner["name"]
    kept = {key: inner[key] for key in ("name", "dtype") if key in inner}
    config = {**kept, "activation": "linear"}
    linear = {**layer, "class_name": "Activation", "config": config}
    # `ops.softmax` says another module than the layer does.
    linear |= {"module": "keras.layers", "registered_name": None}
    # A softmax may be called with a mask, which the layer in its place does not take.
    if isinstance(layer.get("inbound_nodes"), list):
        linear["inbound_nodes"] = [
            {**node, "kwargs": {}} if isinstance(node, dict) else node
            for node in layer["inbound_nodes"]
        ]
    return linear, inner["name"]
