"""Optimizers: steps by the book, at the rate of the schedule."""

import inspect

import numpy as np
import pytest

from project import default_config
from sharpminima import backend
from sharpminima.data.datasets import Dataset
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.parameters import flatten, point_of
from sharpminima.regimes import optimizers
from sharpminima.training import optimizer
from sharpminima.training.start import starting_point
from training_runs import NETWORK, settings

pytestmark = pytest.mark.computes
EXAMPLES = 90


@pytest.mark.parametrize("name", optimizer.CLASSES)
def test_todays_defaults_are_those_of_the_installed_keras(name):
    parameters = inspect.signature(optimizer.CLASSES[name]).parameters
    for value, default in optimizers.DEFAULTS["keras3"][name].items():
        assert parameters[value].default == default


@pytest.fixture(scope="module")
def dataset():
    rng = np.random.default_rng(0)
    y = (np.arange(EXAMPLES) % 3).astype(np.int32)
    x = (rng.normal(size=(3, 2))[y] + rng.normal(size=(EXAMPLES, 2))).astype(np.float32)
    return Dataset(x, y, x, y, classes=3)


def test_adam_has_the_papers_values(dataset):
    model = starting_point(NETWORK, dataset, 0)
    config = optimizer.make(model, settings(), 90).get_config()
    assert config["learning_rate"] == pytest.approx(1e-3)
    assert (config["beta_1"], config["beta_2"]) == (0.9, 0.999)
    assert config["epsilon"] == 1e-8
    chosen = settings(beta_1=0.5, epsilon=1e-3)
    other = optimizer.make(model, chosen, 90).get_config()
    assert (other["beta_1"], other["epsilon"]) == (0.5, 1e-3)


class Path:
    """Updates on the whole set: the points passed, and the gradient at each.

    Every parameter starts away from zero, and `kernels` tells which are of a kernel.
    """

    def __init__(self, dataset, updates, **changes):
        given = default_config()["training"]
        settings = optimizers.resolved(given, {"batch_size": EXAMPLES, **changes})
        model = starting_point(NETWORK, dataset, 0)
        variables = model.trainable_variables
        for variable in variables:
            variable.assign(variable + 0.25)
        measured = MeasuredLoss(model, dataset, batch_norm="batch", batch_size=EXAMPLES)
        run = backend.epoch_runner(
            model,
            optimizer.make(model, settings, EXAMPLES),
            *map(backend.to_device, (dataset.x_train, dataset.y_train)),
        )
        self.points, self.gradients = [flatten(variables)], []
        for _ in range(updates):
            _, _, gradient = measured.loss_accuracy_and_gradient(point_of(model))
            self.gradients.append(gradient)
            list(run([np.arange(EXAMPLES)]))
            self.points.append(flatten(variables))
        self.steps = np.diff(self.points, axis=0)
        self.kernels = np.concatenate(
            [np.full(np.prod(v.shape), v.name == "kernel") for v in variables]
        )


def equal(found, expected):
    """Compare steps of parameters about 1 in size, in float32."""
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=5e-7)


def test_sgd_follows_the_gradient(dataset):
    path = Path(dataset, 2, optimizer="sgd", learning_rate=0.5)
    for step, gradient in zip(path.steps, path.gradients):
        equal(step, -0.5 * gradient)


def test_momentum_carries_the_step_before(dataset):
    path = Path(dataset, 2, optimizer="sgd", learning_rate=0.5, momentum=0.9)
    first, second = path.gradients
    equal(path.steps[0], -0.5 * first)
    equal(path.steps[1], -0.5 * (0.9 * first + second))


def test_nesterov_looks_ahead(dataset):
    regime = {"optimizer": "sgd", "momentum": 0.9, "nesterov": True}
    path = Path(dataset, 2, learning_rate=0.5, **regime)
    first, second = path.gradients
    equal(path.steps[0], -0.5 * 1.9 * first)
    equal(path.steps[1], -0.5 * (0.9 * (0.9 * first + second) + second))


def test_the_first_step_of_adagrad_has_the_length_of_its_rate(dataset):
    path = Path(dataset, 1, optimizer="adagrad")
    steep = np.abs(path.gradients[0]) > 1e-5
    assert steep.mean() > 0.5
    equal(path.steps[0][steep], -0.01 * np.sign(path.gradients[0][steep]))


def test_todays_adagrad_begins_with_an_accumulator(dataset):
    regime = {"optimizer": "adagrad", "optimizer_defaults": "keras3"}
    path = Path(dataset, 2, learning_rate=0.5, **regime)
    first, second = path.gradients
    equal(path.steps[0], -0.5 * first / np.sqrt(0.1 + first**2 + 1e-7))
    accumulated = 0.1 + first**2 + second**2
    equal(path.steps[1], -0.5 * second / np.sqrt(accumulated + 1e-7))


@pytest.mark.parametrize("name", optimizer.CLASSES)
def test_weight_decay_shrinks_kernels_and_nothing_else(dataset, name):
    regime = {"optimizer": name, "learning_rate": 0.5}
    without = Path(dataset, 1, **regime)
    decayed = Path(dataset, 1, weight_decay=0.2, **regime)
    shrunk = -0.5 * 0.2 * without.points[0] * without.kernels
    equal(decayed.points[1] - without.points[1], shrunk)
    assert without.kernels.sum() == 2 * 8 + 8 * 3


def test_each_update_has_the_rate_of_its_schedule(dataset):
    """An update is an epoch here: two to warm up, then the rate falls twice."""
    schedule = {"name": "step", "epochs": [3, 4], "factor": 0.1, "warmup_epochs": 2}
    path = Path(dataset, 5, optimizer="sgd", learning_rate=0.5, schedule=schedule)
    for step, gradient, rate in zip(
        path.steps, path.gradients, [0.25, 0.5, 0.5, 0.05, 0.005]
    ):
        equal(step, -rate * gradient)


def test_whole_numbers_are_numbers(dataset):
    path = Path(dataset, 1, optimizer="sgd", learning_rate=1, momentum=0)
    equal(path.steps[0], -path.gradients[0])
