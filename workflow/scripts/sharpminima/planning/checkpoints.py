"""The config that measures your checkpoints on your data: `make measure`."""

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sharpminima.backend import keras
from sharpminima.data.readers import arrays
from sharpminima.networks import saved_models, signatures
from sharpminima.networks.layers import layers_of
from sharpminima.provenance import digest

LONGEST_NAME = 30  # characters: with what is added, the schema takes 40
BATCH_SIZE = 1000  # of evaluation; with moving averages it alters no loss
# A model with such a layer takes its inputs as they are stored.
RESCALING = (keras.layers.Rescaling, keras.layers.Normalization)
# Keras' names of operators such as `/`, which may scale inputs as well.
ARITHMETIC = {"Divide", "TrueDivide", "Multiply", "Subtract"}
UNCLEAR = "unclear"
# What jobs declare, in MB: numbers of 4 bytes, and 100 columns of a subspace, twice.
MB, COLUMNS = 4e-6, 200


def layer(
    files: Sequence[Path],
    data: Path,
    *,
    builder: str | None = None,
    scaled: bool | None = None,
) -> tuple[dict, list[str]]:
    """Return a config that measures checkpoints, and what it says of them in sentences.

    Checkpoints with the same layers share a network, and the first of them makes a pair
    with each of the others.

    Args:
        files: Whole models, or with a builder also weights alone.
        data: One file with the four arrays.
        builder: `FILE.py:FUNCTION`, what makes the model of all checkpoints.
        scaled: Whether to divide unsigned bytes by 255. By default they are, unless a
            model does so itself.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a file cannot be used; the message says why.
    """
    names, described = _names(files), arrays.described(data)
    if weights := [f for f in files if not builder and _is_weights(f)]:
        raise ValueError(
            f"{weights[0]}: expected a whole model, or BUILDER=FILE.py:FUNCTION that "
            "makes the model of these weights. Received: weights alone"
        )
    models = [] if builder else [saved_models.load(file) for file in files]
    dataset = f"{_name(data.stem)}-{digest(data)[:6]}"
    said = [_of_model(f, s) for f, s in zip(files, models)]
    entry, of_data = _dataset(data, described, [s.model for s in models], scaled)
    first, checkpoints, networks = {}, {}, {}
    if builder:
        network = _name(builder.rpartition(":")[2])
        path = signatures.path_of(builder) or builder
        whole = f"{Path(path).absolute()}{builder.removeprefix(path)}"
        networks[network] = {"dataset": dataset, "builder": whole}
        first = dict.fromkeys(names, network)
    else:
        # The first checkpoint with some layers names their network.
        alike = {}
        for name, saved in zip(names, models, strict=True):
            first[name] = alike.setdefault(_architecture(saved.model), name)
            if first[name] == name:
                networks[name] = {"memory": _memory(saved.model, described)}
    for name, file in zip(names, files, strict=True):
        own = {"dataset": dataset} if first[name] == name else {}
        checkpoints[name] = {
            "file": str(file.absolute()),
            **(own or {"network": first[name]}),
        }
    pairs = [[names[0], n] for n in names[1:] if first[n] == first[names[0]]]
    config = {
        "study": {"networks": [], "regimes": [], "seeds": [0], "pairs": pairs},
        "evaluation": {"batch_norm": "moving", "batch_size": BATCH_SIZE},
        "datasets": {dataset: entry},
        "networks": networks,
        "checkpoints": checkpoints,
        "pathvars": {"results": f"results/measure/{'-'.join(names)[:80]}"},
    }
    return config, [*said, of_data]


def _dataset(path, described, models, scaled):
    """Return the dataset's entry of the catalogue, and a sentence about it."""
    (train, dtype), (test, _) = described["x_train"], described["x_test"]
    said = f"{path}: {train[0]:,} training and {test[0]:,} test examples"
    if dtype == np.uint8:
        own = [_own_rescaling(model) for model in models]
        differ = len({bool(names) for names in own}) != 1
        if scaled is None and (differ or any(UNCLEAR in names for names in own)):
            raise ValueError(
                f"{path}: holds bytes, and no model tells whether it takes them as "
                "they are or divided by 255. Say SCALED=yes to divide, or SCALED=no"
            )
        scaled = not own[0] if scaled is None else scaled
        why = f", since the model has the layer {own[0][0]}" if own and own[0] else ""
        said += f", bytes {'divided by 255' if scaled else f'as they are{why}'}"
    entry = {
        "reader": "arrays",
        "folder": str(path.absolute().parent),
        "files": {path.name: digest(path)},
        "train_examples": train[0],
        "test_examples": test[0],
        **({} if scaled is None else {"scaled": scaled}),
    }
    # A test set, or a small one, may lack a class that the model knows.
    if models and len(models[0].outputs[0].shape) == 2:
        entry["classes"] = models[0].outputs[0].shape[-1]
    return entry, said


def _own_rescaling(model):
    """Return the layers by which a model scales its inputs itself, by their names.

    `UNCLEAR` stands for arithmetic that may do so, and for inputs of whole numbers.
    """
    names = [found.name for found in layers_of(model) if isinstance(found, RESCALING)]
    # A functional model lists operators beside its layers.
    operations = getattr(model, "operations", model.layers)
    kinds = {type(operation).__name__ for operation in operations}
    whole = not keras.backend.is_float_dtype(model.inputs[0].dtype)
    return names + [UNCLEAR] * bool(kinds & ARITHMETIC or whole)


def _of_model(file, saved):
    softmax = f", without the softmax of its layer {saved.softmax}"
    return (
        f"{file}: {saved.model.count_params():,} weights"
        f"{softmax if saved.softmax else ', with logits'}"
    )


def _architecture(model):
    """Return what two checkpoints of one network have in common: all but names."""
    described = [
        (
            type(found).__name__,
            _nameless(found.get_config()),
            [list(variable.shape) for variable in found.weights],
        )
        for found in layers_of(model)
        if not isinstance(found, keras.layers.InputLayer)
    ]
    return json.dumps(described, sort_keys=True, default=str)


def _nameless(value):
    """Return a config without the names in it."""
    if isinstance(value, dict):
        return {k: _nameless(v) for k, v in value.items() if k != "name"}
    return [_nameless(v) for v in value] if isinstance(value, (list, tuple)) else value


def _memory(model, described):
    values = sum(math.prod(described[name][0]) for name in ("x_train", "x_test"))
    parameters = sum(math.prod(v.shape) for v in model.trainable_variables)
    # The data once as they were read, and once on the device.
    return {
        "data": round(2 * MB * values, 1),
        "per_example": 1.0,
        "search": round(COLUMNS * MB * parameters, 1),
    }


def _is_weights(file):
    return not signatures.is_saved_model(file.name)


def _names(files):
    """Return a name for each file: its own, or with its folder's where they repeat."""
    for parts in (1, 2, 3):
        names = [
            _name("-".join([*file.absolute().parts[-parts:-1], _stem(file)]))
            for file in files
        ]
        if len({name.casefold() for name in names}) == len(names):
            return names
    raise ValueError(
        "checkpoints: expected files of different names, or in folders of different "
        f"names. Received: {', '.join(map(str, files))}"
    )


def _stem(file):
    return file.name.removesuffix(file.suffix).removesuffix(".weights")


def _name(text):
    """Return a name that the config takes: letters, digits and hyphens."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-") or "model"
    name = name if name[0].isalpha() else f"m-{name}"
    return name[-LONGEST_NAME:].lstrip("-0123456789") or "model"
