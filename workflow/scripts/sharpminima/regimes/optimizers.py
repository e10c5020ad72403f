"""Optimizers as settings: their values, and the defaults of Keras 1 and of Keras 3.

The paper trains with ADAM and says that SGD and ADAGRAD led to similar results for
large batches (section 2). `training.optimizer` makes Keras' optimizer; nothing here
needs Keras, so that a config can be checked without it.
"""

from collections.abc import Mapping

ADAM = {"learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999}
SGD = {"learning_rate": 1e-2, "momentum": 0.0, "nesterov": False}
# The authors used Keras 1.0.8. The other defaults are from Keras 3.15. Keras 1 adds
# ADAGRAD's epsilon, 1e-8, to the root of the accumulator. Keras 3 adds an epsilon under
# the root, where the square, 1e-16, has the same effect.
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
    """Return the settings of a run, with all values of its optimizer and no others.

    A value comes from the first of these that has it: the regime; `training`, but only
    if the regime keeps the optimizer of `training`, since ADAM's learning rate would be
    wrong for SGD; the defaults that `optimizer_defaults` names.

    Args:
        training: The `training` section of the config.
        regime: An entry of `regimes`.
    """
    both = {**training, **regime}
    # A value of `training` holds only for the optimizer it was chosen for.
    optimizer = both["optimizer"]
    stated = both if optimizer == training["optimizer"] else regime
    defaults = DEFAULTS[both.get("optimizer_defaults", OF_THE_PAPER)][optimizer]
    others = VALUES | {"optimizer_defaults"}
    return {
        **{name: value for name, value in both.items() if name not in others},
        **{name: stated.get(name, default) for name, default in defaults.items()},
    }
