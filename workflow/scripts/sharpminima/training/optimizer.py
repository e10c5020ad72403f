"""The Keras optimizer of a run, with values from `regimes.optimizers`."""

from collections.abc import Mapping

from sharpminima.backend import keras
from sharpminima.regimes.optimizers import DEFAULTS, OF_THE_PAPER
from sharpminima.training import schedules

CLASSES = {
    "adam": keras.optimizers.Adam,
    "sgd": keras.optimizers.SGD,
    "adagrad": keras.optimizers.Adagrad,
}


def make(model, settings: Mapping, examples: int):
    """Return the optimizer of a run, built on the trainable variables of `model`.

    `weight_decay` is Keras' own and is decoupled from the gradient: each update first
    takes the share `learning_rate * weight_decay` off every kernel. Biases and batch
    normalisation's gamma and beta do not decay.

    Args:
        model: A built Keras model.
        settings: What `settings.of_regime` returned.
        examples: Size of the training set, from which schedules count their updates.
    """
    name = settings["optimizer"]
    # Keras wants numbers as its defaults have them, such as 1.0 where YAML has 1.
    values = {
        value: type(default)(settings[value])
        for value, default in DEFAULTS[OF_THE_PAPER][name].items()
    }
    values["learning_rate"] = schedules.learning_rate(settings, examples)
    made = CLASSES[name](**values, weight_decay=settings.get("weight_decay"))
    variables = model.trainable_variables
    made.exclude_from_weight_decay(
        [v for v in variables if not v.name.endswith("kernel")]
    )
    made.build(variables)
    return made
