"""Compute on the backend that KERAS_BACKEND names, and write NUMBERS.npz.

    python compute.py NUMBERS

`unit/test_backend.py` runs it once on each backend and compares.
"""

import sys

import numpy as np

from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.loss.batch_norm import POLICIES
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.initialisation import initialise
from sharpminima.networks.parameters import flatten, point_of
from sharpminima.training.fit import fit
from sharpminima.training.start import starting_point
from training_runs import images

layers = keras.layers
TRAINED = {"builder": "fully_connected", "options": {"hidden_layers": 2, "units": 16}}
SETTINGS = {
    **{"optimizer": "adam", "learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999},
    **{"epsilon": 1e-8, "last_batch": "keep", "batch_size": 20, "seed": 0},
    "precision": "float32",
    "stopping": {
        **{"patience": 9, "relative_improvement": 0, "loss_floor": 0},
        **{"min_epochs": 1, "max_epochs": 4},
    },
}


def smooth_network(first):
    """Return a network without kinks: rounding could cross one and change a slope."""
    stack = [*normalised(first), layers.Flatten()]
    stack += [*normalised(layers.Dense(16)), layers.Dense(4)]
    return keras.Sequential([keras.Input((8, 8, 3)), *stack])


def normalised(layer):
    return [layer, layers.BatchNormalization(), layers.Activation("tanh")]


def measured(name, model, data):
    """Yield names and values of the loss and its derivatives, at random averages."""
    initialise(model, 0)
    rng = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            for average in (layer.moving_mean, layer.moving_variance):
                average.assign(rng.uniform(0.1, 0.5, average.shape))
    point = point_of(model)
    yield f"{name} initial", point.parameters
    for policy in POLICIES:
        function = MeasuredLoss(model, data, batch_norm=policy, batch_size=50)
        loss, _, gradient = function.loss_accuracy_and_gradient(point)
        yield f"{name} {policy} loss", loss
        yield f"{name} {policy} gradient", gradient
        products, v = function.products(point), rng.normal(size=gradient.shape)
        yield f"{name} {policy} hessian", products.hessian(v)
        yield f"{name} {policy} gauss_newton", products.gauss_newton(v)


def trained(data):
    """Yield names and values of a few epochs of training."""
    model = starting_point(TRAINED, data, 0)
    start = flatten(model.trainable_variables)
    function = MeasuredLoss(model, data, batch_norm="batch", batch_size=50)
    rows = list(fit(model, data, SETTINGS, function))
    for name in ("train_loss", "train_accuracy", "test_loss", "test_accuracy"):
        yield name, [row[name] for row in rows]
    yield "path", flatten(model.trainable_variables) - start


def main(path):
    """Write everything that is compared, and which backends are loaded."""
    backend.configure(threads=1)
    data = images(96, 32, channels=3)
    found = {
        **dict(measured("dense", smooth_network(layers.Dense(16)), data)),
        **dict(measured("convolutional", smooth_network(layers.Conv2D(8, 3)), data)),
        **dict(trained(data)),
    }
    packages = ("tensorflow", "jax", "jaxlib")
    loaded = [name for name in packages if sys.modules.get(name)]
    np.savez(path, **found, loaded=loaded)


if __name__ == "__main__":
    main(sys.argv[1])
