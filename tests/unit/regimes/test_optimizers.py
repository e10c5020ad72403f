"""Optimizers: whose values hold, and steps by the book, at the rate of the schedule."""

import inspect

import numpy as np
import pytest

from project import default_config
from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.data.datasets import Dataset
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.parameters import flatten, point_of
from sharpminima.regimes import optimizers
from sharpminima.training import fit as training
from sharpminima.training import schedules

NETWORK = {"builder": "fully_connected", "options": {"hidden_layers": 1, "units": 8}}
EXAMPLES = 90


def values(training, **regime):
    """Return the resolved values alone."""
    settings = optimizers.resolved({"optimizer": "adam", **training}, regime)
    return {name: settings[name] for name in optimizers.VALUES & set(settings)}


def test_what_is_not_stated_is_a_default_of_keras_1():
    assert values({}) == optimizers.DEFAULTS["keras1"]["adam"]
    assert values({})["epsilon"] == 1e-8
    adagrad = values({}, optimizer="adagrad")
    assert (adagrad["learning_rate"], adagrad["initial_accumulator_value"]) == (0.01, 0)


def test_a_regime_may_take_todays_defaults():
    today = values({}, optimizer="adagrad", optimizer_defaults="keras3")
    assert (today["learning_rate"], today["initial_accumulator_value"]) == (1e-3, 0.1)
    assert values({"optimizer_defaults": "keras3"})["epsilon"] == 1e-7


def test_what_is_stated_comes_before_defaults_and_the_regime_first():
    stated = {"learning_rate": 0.5, "epsilon": 1.0, "optimizer_defaults": "keras3"}
    found = values(stated, learning_rate=0.25)
    assert (found["learning_rate"], found["epsilon"]) == (0.25, 1.0)


def test_values_of_one_optimizer_are_none_of_another():
    """ADAGRAD has an epsilon as well, and every optimizer a learning rate."""
    stated = {"learning_rate": 0.5, "beta_1": 0.5, "epsilon": 1.0}
    assert values(stated, optimizer="sgd") == optimizers.DEFAULTS["keras1"]["sgd"]
    found = values(stated, optimizer="adagrad", learning_rate=0.25)
    assert found == {
        **optimizers.DEFAULTS["keras1"]["adagrad"],
        "learning_rate": 0.25,
    }


def test_what_is_no_value_of_an_optimizer_holds_for_all():
    settings = optimizers.resolved(
        {"optimizer": "adam", "weight_decay": 0.1, "schedule": {"name": "cosine"}},
        {"optimizer": "sgd"},
    )
    assert settings["weight_decay"] == 0.1
    assert settings["schedule"] == {"name": "cosine"}


@pytest.mark.parametrize("optimizer", optimizers.CLASSES)
def test_todays_defaults_are_those_of_the_installed_keras(optimizer):
    cls = getattr(keras.optimizers, optimizers.CLASSES[optimizer])
    parameters = inspect.signature(cls).parameters
    for name, value in optimizers.DEFAULTS["keras3"][optimizer].items():
        assert parameters[name].default == value


def test_the_square_under_the_root_is_the_epsilon_outside_of_it():
    gradient = np.logspace(-6, 1)
    keras_1 = gradient / (np.sqrt(gradient**2) + 1e-8)
    epsilon = optimizers.DEFAULTS["keras1"]["adagrad"]["epsilon"]
    ours = gradient / np.sqrt(gradient**2 + epsilon)
    np.testing.assert_allclose(ours, keras_1, rtol=0.011)


@pytest.fixture(scope="module")
def dataset():
    rng = np.random.default_rng(0)
    y = (np.arange(EXAMPLES) % 3).astype(np.int32)
    x = (rng.normal(size=(3, 2))[y] + rng.normal(size=(EXAMPLES, 2))).astype(np.float32)
    return Dataset(x, y, x, y, classes=3)


class Path:
    """Updates on the whole set: the points passed, and the gradient at each.

    Every parameter starts away from zero, and `kernels` tells which are of a kernel.
    """

    def __init__(self, dataset, updates, **changes):
        given = default_config()["training"]
        settings = optimizers.resolved(given, {"batch_size": EXAMPLES, **changes})
        model = training.starting_point(NETWORK, dataset, 0)
        variables = model.trainable_variables
        for variable in variables:
            variable.assign(variable + 0.25)
        evaluation = MeasuredLoss(
            model, dataset, batch_norm="batch", batch_size=EXAMPLES
        )
        rate = schedules.learning_rate(settings, EXAMPLES)
        run = backend.epoch_runner(
            model,
            optimizers.make(model, settings, rate),
            *map(backend.to_device, (dataset.x_train, dataset.y_train)),
        )
        self.points, self.gradients = [flatten(variables)], []
        for _ in range(updates):
            _, _, gradient = evaluation.loss_accuracy_and_gradient(point_of(model))
            self.gradients.append(gradient)
            run([np.arange(EXAMPLES)])
            self.points.append(flatten(variables))
        self.steps = np.diff(self.points, axis=0)
        self.kernels = np.concatenate(
            [np.full(np.prod(v.shape), v.name == "kernel") for v in variables]
        )


def equal(found, expected):
    """Compare steps of parameters about 1 in size, in float32."""
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=5e-7)


@pytest.mark.computes
def test_sgd_follows_the_gradient(dataset):
    path = Path(dataset, 2, optimizer="sgd", learning_rate=0.5)
    for step, gradient in zip(path.steps, path.gradients):
        equal(step, -0.5 * gradient)


@pytest.mark.computes
def test_momentum_carries_the_step_before(dataset):
    path = Path(dataset, 2, optimizer="sgd", learning_rate=0.5, momentum=0.9)
    first, second = path.gradients
    equal(path.steps[0], -0.5 * first)
    equal(path.steps[1], -0.5 * (0.9 * first + second))


@pytest.mark.computes
def test_nesterov_looks_ahead(dataset):
    regime = {"optimizer": "sgd", "momentum": 0.9, "nesterov": True}
    path = Path(dataset, 2, learning_rate=0.5, **regime)
    first, second = path.gradients
    equal(path.steps[0], -0.5 * 1.9 * first)
    equal(path.steps[1], -0.5 * (0.9 * (0.9 * first + second) + second))


@pytest.mark.computes
def test_the_first_step_of_adagrad_has_the_length_of_its_rate(dataset):
    path = Path(dataset, 1, optimizer="adagrad")
    steep = np.abs(path.gradients[0]) > 1e-5
    assert steep.mean() > 0.5
    equal(path.steps[0][steep], -0.01 * np.sign(path.gradients[0][steep]))


@pytest.mark.computes
def test_todays_adagrad_begins_with_an_accumulator(dataset):
    regime = {"optimizer": "adagrad", "optimizer_defaults": "keras3"}
    path = Path(dataset, 2, learning_rate=0.5, **regime)
    first, second = path.gradients
    equal(path.steps[0], -0.5 * first / np.sqrt(0.1 + first**2 + 1e-7))
    accumulated = 0.1 + first**2 + second**2
    equal(path.steps[1], -0.5 * second / np.sqrt(accumulated + 1e-7))


@pytest.mark.computes
@pytest.mark.parametrize("optimizer", optimizers.CLASSES)
def test_weight_decay_shrinks_kernels_and_nothing_else(dataset, optimizer):
    regime = {"optimizer": optimizer, "learning_rate": 0.5}
    without = Path(dataset, 1, **regime)
    decayed = Path(dataset, 1, weight_decay=0.2, **regime)
    shrunk = -0.5 * 0.2 * without.points[0] * without.kernels
    equal(decayed.points[1] - without.points[1], shrunk)
    assert without.kernels.sum() == 2 * 8 + 8 * 3


@pytest.mark.computes
def test_each_update_has_the_rate_of_its_schedule(dataset):
    """An update is an epoch here: two to warm up, then the rate falls twice."""
    schedule = {"name": "step", "epochs": [3, 4], "factor": 0.1, "warmup_epochs": 2}
    path = Path(dataset, 5, optimizer="sgd", learning_rate=0.5, schedule=schedule)
    for step, gradient, rate in zip(
        path.steps, path.gradients, [0.25, 0.5, 0.5, 0.05, 0.005]
    ):
        equal(step, -rate * gradient)


@pytest.mark.computes
def test_whole_numbers_are_numbers(dataset):
    path = Path(dataset, 1, optimizer="sgd", learning_rate=1, momentum=0)
    equal(path.steps[0], -path.gradients[0])
