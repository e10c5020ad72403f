"""Weight matching undoes a permutation, and raises the inner product otherwise."""

import numpy as np
import pytest

from sharpminima.backend import keras
from sharpminima.data.datasets import Dataset
from sharpminima.loss.batch_norm import POLICIES, copy_of
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks import permutations, rescalings
from sharpminima.networks.parameters import Point, averages_of, point_of

pytestmark = pytest.mark.computes
layers = keras.layers
CLASSES, EXAMPLES = 3, 40


def dense():
    return [
        *(layers.Dense(9), layers.BatchNormalization(), layers.Activation("relu")),
        *(layers.Dense(8, use_bias=False), layers.BatchNormalization()),
        *(layers.Activation("relu"), layers.Dense(7, activation="tanh")),
    ]


def convolutions():
    return [
        *(layers.Conv2D(7, 2, padding="same"), layers.BatchNormalization()),
        *(layers.ReLU(), layers.MaxPooling2D(2), layers.Conv2D(6, 2), layers.Flatten()),
        *(layers.BatchNormalization(), layers.Dense(8, activation="relu")),
    ]


SHAPES = {dense: (6,), convolutions: (6, 6, 2)}
stacks = pytest.mark.parametrize("stack", SHAPES, ids=lambda stack: stack.__name__)


def built(stack, seed=1):
    """Return a model with random weights and averages."""
    inputs = keras.Input(SHAPES[stack])
    model = keras.Sequential([inputs, *stack(), layers.Dense(CLASSES)])
    rng = np.random.default_rng(seed)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(scale=0.5, size=weight.shape))
    for average in averages_of(model):
        average.assign(rng.uniform(0.5, 1.5, average.shape))
    return model


def measured(model, policy):
    """Return the loss on inputs whose labels are what the model says itself."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(EXAMPLES, *model.input_shape[1:])).astype(np.float32)
    network = copy_of(model, batch_moments=policy != "moving")
    y = np.argmax(network(x, training=False), axis=-1).astype(np.int32)
    data = Dataset(x, y, x, y, classes=CLASSES)
    return MeasuredLoss(model, data, batch_norm=policy, batch_size=EXAMPLES)


def permuted(model, point, seed=0):
    given = {"moments": point.averages, "factor": 1, "seed": seed}
    ((_, form),) = rescalings.forms(model, point, ["permuted"], **given)
    return form


def barrier(loss, start, end):
    """Return how far the training loss rises above the straight line halfway."""
    at = loss.mixture([start, end])
    ends, halfway = [(1.0, 0.0), (0.0, 1.0)], (0.5, 0.5)
    losses = [at(weights, weights)["train_loss"] for weights in (*ends, halfway)]
    return losses[2] - (losses[0] + losses[1]) / 2


@stacks
@pytest.mark.parametrize("policy", POLICIES)
def test_matching_takes_away_the_barrier_of_permuted_units(stack, policy):
    model = built(stack)
    loss, point = measured(model, policy), point_of(model)
    other = permuted(model, point)
    assert barrier(loss, point, other) > 0.01
    matched = permutations.matched(model, point, other, seed=0)
    np.testing.assert_array_equal(matched.parameters, point.parameters)
    for average, expected in zip(matched.averages, point.averages, strict=True):
        np.testing.assert_array_equal(average, expected)
    assert barrier(loss, point, matched) == pytest.approx(0.0, abs=1e-6)


@stacks
def test_matching_finds_units_through_noise(stack):
    """Were a layer or an axis left out, some units would be taken for others."""
    model = built(stack)
    point, rng = point_of(model), np.random.default_rng(2)
    noise = rng.normal(scale=0.1, size=point.parameters.shape)
    noisy = Point(point.parameters + noise, point.averages)
    matched = permutations.matched(model, point, permuted(model, noisy), seed=0)
    np.testing.assert_array_equal(matched.parameters, noisy.parameters)


@stacks
@pytest.mark.parametrize("policy", POLICIES)
def test_matching_keeps_the_function_and_comes_nearer(stack, policy):
    model, other = built(stack), point_of(built(stack, seed=5))
    point = point_of(model)
    matched = permutations.matched(model, point, other, seed=0)
    change = measured(model, policy).largest_change_of_logits(other, matched)
    assert change < 1e-4
    before, after = (
        np.linalg.norm(each.parameters - point.parameters) for each in (other, matched)
    )
    assert after < 0.97 * before
    # No order of one layer alone is better.
    again = permutations.matched(model, point, matched, seed=1)
    np.testing.assert_array_equal(again.parameters, matched.parameters)


def test_a_single_layer_gets_the_best_of_all_orders():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(2)])
    rng = np.random.default_rng(3)
    size = point_of(model).parameters.size
    point, other = (Point(rng.normal(size=size), []) for _ in range(2))
    matched = permutations.matched(model, point, other, seed=0)
    found = matched.parameters @ point.parameters
    products = [
        permuted(model, other, seed).parameters @ point.parameters
        for seed in range(200)
    ]
    assert found == pytest.approx(max(products))
    assert found > products[0]


@pytest.mark.parametrize(
    "alone", ["0/kernel", "0/bias", "1/gamma", "1/beta", "3/kernel"]
)
def test_units_are_told_apart_by_each_of_their_weights(alone):
    """All units are alike, but for one kind of weights."""
    stack = [layers.Dense(6), layers.BatchNormalization(), layers.ReLU()]
    model = keras.Sequential([keras.Input((3,)), *stack, layers.Dense(2)])
    position, name = alone.split("/")
    rng = np.random.default_rng(4)
    for place, layer in enumerate(model.layers):
        for weight in layer.trainable_variables:
            is_it = (str(place), weight.name) == (position, name)
            weight.assign(rng.normal(size=weight.shape) if is_it else 0 * weight + 1)
    point = point_of(model)
    other = permuted(model, point)
    assert (other.parameters != point.parameters).any()
    matched = permutations.matched(model, point, other, seed=0)
    np.testing.assert_array_equal(matched.parameters, point.parameters)


def test_a_network_without_hidden_units_is_not_matched():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    point = point_of(model)
    assert permutations.matched(model, point, point, seed=0) is None
