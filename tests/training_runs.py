"""Small training runs on either backend: data, settings, an update or some epochs."""

import copy

import numpy as np

from project import default_config
from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.data.datasets import Dataset
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.parameters import flatten
from sharpminima.regimes import optimizers
from sharpminima.training import epochs as one_epoch
from sharpminima.training.fit import fit
from sharpminima.training.outcome import outcome_of
from sharpminima.training.start import starting_point

NETWORK = {"builder": "fully_connected", "options": {"hidden_layers": 1, "units": 8}}
EVALUATION = {"batch_norm": "batch", "batch_size": 5000}
EVERYTHING = [np.arange(90)]  # one batch of all training examples


def blobs() -> Dataset:
    """Return three noisy blobs in the plane, easy to learn: 90 and 30 examples."""
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 3.0], [3.0, 0.0], [-3.0, -3.0]])
    y = np.arange(120) % 3
    x = (centres[y] + rng.normal(size=(120, 2))).astype(np.float32)
    y = y.astype(np.int32)
    return Dataset(x[:90], y[:90], x[90:], y[90:], classes=3)


def images(train=90, test=30, channels=2) -> Dataset:
    """Return four classes of noisy 8 x 8 images."""
    rng = np.random.default_rng(0)
    y = (np.arange(train + test) % 4).astype(np.int32)
    clean = rng.random((4, 8, 8, channels))[y]
    x = (clean + 0.5 * rng.random(clean.shape)).astype(np.float32)
    return Dataset(x[:train], y[:train], x[train:], y[train:], classes=4)


def settings(**changes) -> dict:
    """Return the default training of a run with seed 0 and batches of 10."""
    base = copy.deepcopy(default_config()["training"]) | {"batch_size": 10, "seed": 0}
    base["stopping"] |= {"min_epochs": 1, "max_epochs": 3}
    return optimizers.resolved(base, changes)


def run(dataset, **changes):
    """Train `NETWORK`; return the model, the rows of its history, and its outcome."""
    chosen = settings(**changes)
    model = starting_point(NETWORK, dataset, chosen["seed"], chosen["precision"])
    measured = MeasuredLoss(model, dataset, **EVALUATION)
    rows = list(fit(model, dataset, chosen, measured))
    return model, rows, outcome_of(model, dataset, chosen, measured, rows)


def linear(dataset):
    """Return a softmax model without hidden layers, at a point drawn from seed 0."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    stack = [layers.Flatten(), layers.Dense(dataset.classes)]
    return keras.Sequential([keras.Input(dataset.x_train.shape[1:]), *stack])


def with_dropout(dataset):
    """Return a network with batch normalisation and dropout."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    stack = [layers.Flatten(), layers.Dense(16), layers.BatchNormalization()]
    stack += [layers.Activation("relu"), layers.Dropout(0.5, seed=1)]
    shape = dataset.x_train.shape[1:]
    top = layers.Dense(dataset.classes)
    return keras.Sequential([keras.Input(shape), *stack, top])


def convolutional(dataset):
    """Return a small convolutional network with all that C1 has."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    stack = [layers.Conv2D(8, 3, padding="same"), layers.BatchNormalization()]
    stack += [layers.Activation("relu"), layers.MaxPooling2D(3, 2, padding="same")]
    stack += [layers.Flatten(), layers.Dense(16), layers.Dropout(0.5, seed=1)]
    shape = dataset.x_train.shape[1:]
    top = layers.Dense(dataset.classes)
    return keras.Sequential([keras.Input(shape), *stack, top])


def epochs(model, dataset, count=2, **changes) -> list:
    """Train `model` in place for `count` epochs; return the `Epoch` of each."""
    run_epoch, _ = one_epoch.runner(model, dataset, settings(**changes))
    found = []
    for epoch in range(count):
        updates = []
        list(run_epoch(epoch, updates, lambda: False))
        found.append(one_epoch.Epoch.of(updates))
    return found


def descend(model, dataset, cut, views=None, rate=1.0, momentum=0.0, **how) -> list:
    """Train by steepest descent, with the backend's options `how`; return the sums."""
    optimizer = keras.optimizers.SGD(rate, momentum)
    optimizer.build(model.trainable_variables)
    x, y = backend.to_device(dataset.x_train), backend.to_device(dataset.y_train)
    run = backend.epoch_runner(model, optimizer, x, y, **how)
    return backend.summed(run(cut, views or (x,)))


def point(model) -> np.ndarray:
    """Return the trainable weights as one vector."""
    return flatten(model.trainable_variables)


def state(model) -> list[np.ndarray]:
    """Return moving averages and the state of dropout."""
    return [variable.numpy() for variable in model.non_trainable_variables]


def softmax(logits):
    """Return the probabilities of the classes, in float64."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


class Linear:
    """A naive oracle of `linear`: its loss and gradients, in float64."""

    def __init__(self, model, dataset):
        self.weights, self.bias = (np.float64(v) for v in model.get_weights())
        self.x = dataset.x_train.astype(np.float64)
        self.hits = np.eye(dataset.classes)[dataset.y_train]

    def probabilities(self, x):
        return softmax(x @ self.weights + self.bias)

    def loss(self, x):
        return -np.log((self.probabilities(x) * self.hits).sum(-1)).mean()

    def slope(self, x):
        return (self.probabilities(x) - self.hits) @ self.weights.T / len(x)

    def gradient(self, x):
        by_logits = (self.probabilities(x) - self.hits) / len(x)
        return np.concatenate([(x.T @ by_logits).ravel(), by_logits.sum(0)])

    def perturbed(self, strength):
        return self.x + strength * np.sign(self.slope(self.x))


def objective_of(objective, model, dataset, *views):
    """Return the mean loss of all examples, and what `objective` makes of it."""
    x, y = (backend.to_device(a) for a in (dataset.x_train, dataset.y_train))
    logits = model(x)
    loss = keras.ops.mean(backend.cross_entropies(y, logits))
    return float(loss), float(objective(loss, logits, model, y, x, *views))
