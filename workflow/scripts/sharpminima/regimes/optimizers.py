"""Optimizers: what their settings are, who states them, and Keras' own defaults.

The paper trains with ADAM, and says that SGD and ADAGRAD led to similar results for
large batches (section 2). Keras is imported to make one: a config is checked without.
"""

from collections.abc import Mapping

CLASSES = {"adam": "Adam", "sgd": "SGD", "adagrad": "Adagrad"}
ADAM = {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999}
SGD = {"learning_rate": 1e-2, "momentum": 0.0, "nesterov": False}
# Of Keras 1.0.8, the authors', and of the signatures of Keras 3.15. Keras 1 adds the
# epsilon of ADAGRAD, 1e-8, to the accumulator's root. Keras 3 adds it under the root,
# where its square does the same.
DEFAULTS = {
    "keras1": {
        "adam": {**ADAM, "epsilon": 1e-8},
        "sgd": SGD,
        "adagrad": {
            "learning_rate": 1e-2,
            "initial_accumulator_value": 0.0,
            "epsilon": 1e-16,
        },
    },
    "keras3": {
        "adam": {**ADAM, "epsilon": 1e-7},
        "sgd": SGD,
        "adagrad": {
            "learning_rate": 1e-3,
            "initial_accumulator_value": 0.1,
            "epsilon": 1e-7,
        },
    },
}
OF_THE_PAPER = "keras1"
VALUES = {name for values in DEFAULTS[OF_THE_PAPER].values() for name in values}


def values_of(optimizer: str) -> set[str]:
    """Return the names of the values that `optimizer` takes."""
    return set(DEFAULTS[OF_THE_PAPER][optimizer])


def resolved(training: Mapping, regime: Mapping) -> dict:
    """Return the settings of a run, with each value of its optimizer and no other.

    A value is what the regime states; else what `training` does, if the regime has the
    optimizer of `training`: a learning rate of ADAM is none of SGD; else the default
    that `optimizer_defaults` names.

    Args:
        training: The `training` section of the config.
        regime: An entry of `regimes`, whose settings come first.
    """
    both = {**training, **regime}
    optimizer = both["optimizer"]
    stated = both if optimizer == training["optimizer"] else regime
    defaults = DEFAULTS[both.get("optimizer_defaults", OF_THE_PAPER)][optimizer]
    others = VALUES | {"optimizer_defaults"}
    return {
        **{name: value for name, value in both.items() if name not in others},
        **{name: stated.get(name, default) for name, default in defaults.items()},
    }


def make(model, settings: Mapping, learning_rate):
    """Return the optimizer of a run, built on the trainable variables of `model`.

    `weight_decay` is Keras' own, decoupled from the gradient: before each update it
    takes the share `learning_rate * weight_decay` off every kernel, and nothing off
    biases and off the gamma and beta of batch normalisation.

    Args:
        model: A built Keras model.
        settings: What `resolved` returned.
        learning_rate: A number, or one of Keras' schedules.
    """
    from sharpminima.backend import keras

    optimizer = settings["optimizer"]
    # What YAML has without a point, Keras wants with one.
    values = {
        name: type(default)(settings[name])
        for name, default in DEFAULTS[OF_THE_PAPER][optimizer].items()
    }
    values["learning_rate"] = learning_rate
    cls = getattr(keras.optimizers, CLASSES[optimizer])
    made = cls(**values, weight_decay=settings.get("weight_decay"))
    variables = model.trainable_variables
    made.exclude_from_weight_decay(
        [v for v in variables if not v.name.endswith("kernel")]
    )
    made.build(variables)
    return made
