"""Curvature along training: frozen quadratics, and one update of Keras' own."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

import training_runs
from sharpminima import streams
from sharpminima.backend import keras
from sharpminima.measures import edge_of_stability
from sharpminima.measures.edge_of_stability import Optimizer
from sharpminima.networks import iterates
from sharpminima.networks.parameters import flatten
from sharpminima.training import optimizer

RATE = 0.01
ADAM = {"optimizer": "adam", "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
SGD = {"optimizer": "sgd", "momentum": 0.0, "nesterov": False}
CONSTANT = {"learning_rate": RATE, "iterations": 10_000}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (ADAM, 38.0),  # at the defaults, measured in 1 / eta
        ({**ADAM, "beta_1": 0.0}, 2.0),
        (SGD, 2.0),
        ({**SGD, "momentum": 0.9}, 3.8),
        ({**SGD, "momentum": 0.9, "nesterov": True}, 3.8 / 2.8),
        ({"optimizer": "adagrad", "epsilon": 0.0}, 2.0),
    ],
)
def test_a_step_on_a_quadratic_is_stable_up_to_the_threshold(values, expected):
    threshold = Optimizer(values, CONSTANT).threshold
    assert threshold == pytest.approx(expected / RATE)
    assert _largest_after(2000, 0.99 * threshold, values) < 1.0
    assert _largest_after(2000, 1.01 * threshold, values) > 1e3


def _largest_after(updates, curvature, values):
    """Return |w| where f = curvature w^2 / 2, for an optimizer whose P stays 1."""
    w, slot = 1.0, np.zeros(1)
    for _ in range(updates):
        gradient = curvature * w
        if values["optimizer"] == "sgd" and values["momentum"]:
            state = {**CONSTANT, "momentum": slot}
            step = RATE * Optimizer(values, state).direction(gradient)[0]
            slot = values["momentum"] * slot - RATE * gradient
        else:
            beta = values.get("beta_1", 0.0)
            slot = beta * slot + (1.0 - beta) * gradient
            step = -RATE * slot[0]
        w += step
        if abs(w) > 1e6:
            break
    return abs(w)


@pytest.mark.computes
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("adam", {}),
        ("adam", {"beta_1": 0.5, "epsilon": 1e-2}),
        ("sgd", {}),
        ("sgd", {"momentum": 0.9}),
        ("sgd", {"momentum": 0.9, "nesterov": True}),
        ("adagrad", {}),
        ("adagrad", {"initial_accumulator_value": 0.1, "epsilon": 1e-2}),
    ],
)
def test_the_direction_is_the_next_update_of_keras(tmp_path, name, changes):
    """At an iterate after updates, and at one where nothing was updated yet."""
    values = training_runs.settings(optimizer=name, learning_rate=RATE, **changes)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    made = optimizer.make(model, values, 100)
    rng = np.random.default_rng(0)
    kept = tmp_path / "kept.h5"

    def update(gradient):
        cut = np.split(gradient.astype("float32"), [12])
        shaped = [cut[0].reshape(3, 4), cut[1]]
        variables = model.trainable_variables
        made.apply_gradients(
            zip(map(keras.ops.convert_to_tensor, shaped), variables, strict=True)
        )
        return flatten(variables)

    def history():
        for epoch in (1, 2, 3):
            update(rng.normal(size=16))
            yield {"epoch": epoch}

    list(iterates.keeping(kept, model, [0, 3], history(), optimizer=made))
    assert iterates.optimizer_state(kept, 0)["iterations"] == 0
    state = iterates.optimizer_state(kept, 3)
    assert state["iterations"] == 3
    before, gradient = flatten(model.trainable_variables), rng.normal(size=16)
    moved = update(gradient) - before
    expected = state["learning_rate"] * Optimizer(values, state).direction(gradient)
    np.testing.assert_allclose(moved, expected, rtol=2e-4, atol=2e-7)


def test_the_preconditioner_of_adam_corrects_both_moments():
    state = {**CONSTANT, "iterations": 2, "velocity": np.array([4.0, 0.0])}
    values = {**ADAM, "beta_2": 0.75, "epsilon": 0.5}
    root = np.sqrt(1.0 - 0.75**2)
    expected = (1.0 - 0.9**2) * (np.array([2.0, 0.0]) + 0.5) / root
    found = Optimizer(values, state).preconditioner
    np.testing.assert_allclose(found, expected)


def test_there_is_no_preconditioner_before_the_first_update_nor_in_sgd():
    state = {**CONSTANT, "iterations": 0, "velocity": np.zeros(2)}
    assert Optimizer(ADAM, state).preconditioner is None
    assert Optimizer(SGD, CONSTANT).preconditioner is None


def test_the_preconditioner_of_adagrad_is_its_root():
    state = {**CONSTANT, "accumulator": np.array([3.0])}
    values = {"optimizer": "adagrad", "epsilon": 1.0}
    np.testing.assert_allclose(Optimizer(values, state).preconditioner, [2.0])


@pytest.mark.parametrize("rate", [1e-4, 0.05, 7.0])
def test_critical_sharpness_is_the_curvature_along_the_step(rate):
    """It does not depend on the rate where the search begins."""
    h, x = np.array([4.0, 1.0]), np.array([1.0, -2.0])
    step = -np.array([3.0, -1.0])

    def loss(eta):
        return 0.5 * h @ (x + eta * step) ** 2

    found = edge_of_stability.critical_sharpness(loss, rate)
    slope, curved = (h * x) @ step, step @ (h * step)
    exact = -curved / slope
    assert found["critical_sharpness"] == pytest.approx(exact, rel=1 / 16)
    if rate == 0.05:
        assert found["evaluations"] <= 10


@pytest.mark.parametrize("slope", [1.0, -1.0])
def test_a_ray_that_never_crosses_has_no_critical_sharpness(slope):
    found = edge_of_stability.critical_sharpness(lambda eta: slope * eta, 0.1)
    assert np.isnan(found["critical_sharpness"])


def test_a_step_into_no_number_counts_as_raised():
    def loss(eta):
        return -eta if eta < 0.3 else np.nan

    found = edge_of_stability.critical_sharpness(loss, 0.1)
    assert found["critical_sharpness"] == pytest.approx(2 / 0.3, rel=1 / 16)


def measured_batches(curvatures, **settings):
    """Return the batch sharpness where each example has its own quadratic loss."""
    rng = np.random.default_rng(1)
    gradients = rng.normal(size=(200, 3))

    def curvature_along(indices):
        gradient, h = gradients[indices].mean(axis=0), curvatures[indices].mean(axis=0)
        return gradient @ (h * gradient), gradient @ gradient

    given = {"batches": 400, "relative_error": 0.05, **settings}
    draws = streams.generator("batches of a test", 0)
    return edge_of_stability.batch_sharpness(curvature_along, 200, 8, draws, given)


def test_batch_sharpness_of_one_curvature_is_that_curvature():
    found = measured_batches(np.full((200, 3), 5.0))
    assert found["batch_sharpness"] == pytest.approx(5.0)
    assert found["batches"] == 10  # no spread, but fewer would not tell it


def test_batch_sharpness_lies_between_the_curvatures_and_within_its_error():
    curvatures = np.tile([1.0, 2.0, 9.0], (200, 1))
    found = measured_batches(curvatures)
    exact = measured_batches(curvatures, batches=20_000, relative_error=0.002)
    assert found["batch_sharpness_error"] <= 0.05 * found["batch_sharpness"]
    assert 1.0 < found["batch_sharpness"] < 9.0
    off = found["batch_sharpness"] - exact["batch_sharpness"]
    assert abs(off) < 3 * found["batch_sharpness_error"]
    few = measured_batches(curvatures, batches=5)
    assert (few["batches"], few["batch_sharpness_error"]) == (5, np.inf)


H = np.array([1.0, 4.0, 0.5, 2.0])
SETTINGS = {"products": 10, "tolerance": 1e-6, "batches": 12, "relative_error": 0.05}


@dataclass(frozen=True)
class At:
    """A point, like those of networks."""

    parameters: np.ndarray


class Quadratic:
    """f(x) = 1/2 sum_i h_i x_i^2, which every batch sees alike."""

    examples = 12

    def loss_and_accuracy(self, point, split):
        assert split == "train"
        return 0.5 * H @ point.parameters**2, 0.0

    def loss_accuracy_and_gradient(self, point):
        return 0.5 * H @ point.parameters**2, 0.0, H * point.parameters

    def products(self, point):
        return SimpleNamespace(hessian=lambda vector: H * vector)

    def curvature_along_gradients(self, point):
        gradient = H * point.parameters
        return lambda indices: (gradient @ (H * gradient), gradient @ gradient)


def row_of(values, state, x=(1.0, 1.0, 1.0, 1.0)):
    """Return the row of an iterate on the quadratic."""
    iterate = 7, At(np.array(x)), Optimizer(values, state), 3
    [row] = edge_of_stability.measure(Quadratic(), [iterate], SETTINGS, seed=0)
    return row


def test_adam_on_a_frozen_quadratic():
    """P^-1/2 H P^-1/2 is diagonal, with h_i / sqrt(v_i) once biases are corrected."""
    second_moments = np.array([1.0, 64.0, 1.0, 0.0625])
    state = {**CONSTANT, "velocity": second_moments, "momentum": np.zeros(4)}
    row = row_of({**ADAM, "epsilon": 0.0}, state)
    assert row["epoch"] == 7
    assert row["eigenvalue"] == pytest.approx(4.0)
    correction = np.sqrt(1.0 - 0.999**10_000)
    assert row["preconditioned_eigenvalue"] == pytest.approx(8.0 * correction)
    assert row["preconditioned_residual"] < 1e-4
    assert row["threshold"] == pytest.approx(38.0 / RATE)
    assert "batch_sharpness" not in row


def test_sgd_on_a_frozen_quadratic():
    row = row_of(SGD, CONSTANT)
    assert row["eigenvalue"] == pytest.approx(4.0)
    assert "preconditioned_eigenvalue" not in row
    gradient = H
    expected = gradient @ (H * gradient) / (gradient @ gradient)
    assert row["batch_sharpness"] == pytest.approx(expected)
    # The step is the gradient itself: the curvature along it is the same.
    assert row["critical_sharpness"] == pytest.approx(expected, rel=1 / 16)
    assert row["critical_threshold"] == row["threshold"] == 2.0 / RATE
    assert row["evaluations"] <= 10


def test_an_optimizer_that_stands_still_bears_anything():
    """A schedule may end at a learning rate of exactly 0."""
    row = row_of(SGD, {**CONSTANT, "learning_rate": 0.0})
    assert row["threshold"] == row["critical_threshold"] == np.inf
    assert row["critical_sharpness"] == pytest.approx(
        row["batch_sharpness"], rel=1 / 16
    )


def test_iterates_do_not_hear_of_each_other():
    first = 3, At(np.full(4, 5.0)), Optimizer(SGD, CONSTANT), 3
    last = 7, At(np.ones(4)), Optimizer(SGD, CONSTANT), 3
    both = edge_of_stability.measure(Quadratic(), [first, last], SETTINGS, seed=0)
    alone = edge_of_stability.measure(Quadratic(), [last], SETTINGS, seed=0)
    assert list(both)[1:] == list(alone)


def test_an_iterate_that_was_not_reached_has_no_values():
    row = row_of(SGD, dict.fromkeys(CONSTANT, np.nan), x=[np.nan] * 4)
    assert np.isnan(row["train_loss"])
    assert "eigenvalue" not in row


def test_saved_steps_are_not_taken_again():
    taken = []

    def step(compute):
        taken.append(compute)
        return dict(compute())

    iterate = 7, At(np.ones(4)), Optimizer(SGD, CONSTANT), 3
    list(edge_of_stability.measure(Quadratic(), [iterate], SETTINGS, 0, step))
    # Every product is a step, and so are batches and the search along the update.
    assert len(taken) >= 4 + 4
