"""Products of second derivatives with vectors, against differences and a matrix."""

import dataclasses

import numpy as np
import pytest
from scipy.special import softmax

from sharpminima.backend import keras
from sharpminima.data.datasets import Dataset
from sharpminima.loss.batch_norm import POLICIES
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.parameters import Point, flatten, point_of

pytestmark = pytest.mark.computes
# On JAX, Keras normalises batches in float32.
STEP, CLOSE = (1e-3, 1e-2) if keras.backend.backend() == "jax" else (1e-5, 1e-6)
layers = keras.layers


def drawn(network):
    """Return `network` with random weights, and variances that are positive."""
    rng = np.random.default_rng(1)
    for weight in network.weights:
        if weight.dtype == "float64":
            weight.assign(rng.uniform(0.3, 1.2, weight.shape))
    return network


@pytest.fixture
def smooth():
    """Return a network without kinks, which differences would cross."""
    return drawn(
        keras.Sequential(
            [
                keras.Input((6,)),
                layers.Dense(4),
                layers.BatchNormalization(epsilon=1e-2),
                layers.Activation("tanh"),
                layers.Dropout(0.5, seed=0),
                layers.Dense(3),
            ]
        )
    )


def matrix(product, n):
    return np.array([product(column) for column in np.eye(n)])


def moved(point, step):
    return Point(point.parameters + step, point.averages)


def assert_is_that_of_differences(measured, point):
    """Compare products of the Hessian with differences of the gradient."""
    product, rng = measured.products(point).hessian, np.random.default_rng(2)
    for _ in range(3):
        v = rng.normal(size=point.parameters.shape)
        up, down = (
            measured.loss_accuracy_and_gradient(moved(point, step * v))[2]
            for step in (STEP, -STEP)
        )
        expected = (up - down) / (2 * STEP)
        assert np.abs(product(v) - expected).max() < CLOSE * np.abs(expected).max()
        assert product(v).dtype == np.float64


@pytest.mark.parametrize("policy", POLICIES)
def test_the_hessian_is_that_of_differences(smooth, dataset, build, policy):
    point = point_of(smooth)
    assert_is_that_of_differences(build(smooth, dataset, policy), point)


@pytest.mark.parametrize(
    "normalisation",
    [layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization],
)
def test_images_have_products(build, normalisation):
    """Convolutions and max pooling. TensorFlow's moments lack second derivatives."""
    options = {"groups": 1} if "Group" in normalisation.__name__ else {}
    model = drawn(
        keras.Sequential(
            [
                keras.Input((6, 4, 1)),
                layers.Conv2D(3, 3),
                normalisation(epsilon=1e-2, **options),
                layers.Activation("tanh"),
                layers.MaxPooling2D((2, 1)),
                layers.Flatten(),
                layers.Dense(3),
            ]
        )
    )
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(9, 6, 4, 1)), rng.integers(0, 3, 9).astype(np.int32)
    data = Dataset(x, y, x, y, classes=3)
    assert_is_that_of_differences(build(model, data), point_of(model))


@pytest.mark.parametrize("policy", POLICIES)
def test_both_matrices_are_symmetric(smooth, dataset, build, policy):
    point = point_of(smooth)
    products = build(smooth, dataset, policy).products(point)
    for product in (products.hessian, products.gauss_newton):
        found = matrix(product, len(point.parameters))
        scale = np.abs(found).max()
        np.testing.assert_allclose(found, found.T, atol=1e-5 * scale)
        assert scale > 1e-3


@pytest.mark.parametrize("policy", POLICIES)
def test_gauss_newton_is_made_of_the_logits(smooth, dataset, build, policy):
    """J^T S J, with J by differences of the logits."""
    measured, point = build(smooth, dataset, policy), point_of(smooth)

    def logits(x):
        at = Point(x, point.averages)
        averages = measured._averages(x, at.averages)
        batches = measured._sets["train"].batches()
        parts = [measured._network.logits(x, averages, b) for b, _ in batches]
        return np.concatenate(parts).astype(np.float64)

    directions = STEP * np.eye(len(point.parameters))
    x = point.parameters
    columns = [(logits(x + d) - logits(x - d)) / (2 * STEP) for d in directions]
    jacobian, p = np.stack(columns, axis=-1), softmax(logits(x), axis=-1)
    expected = sum(
        of_one.T @ (np.diag(q) - np.outer(q, q)) @ of_one
        for of_one, q in zip(jacobian, p, strict=True)
    ) / len(p)
    found = matrix(measured.products(point).gauss_newton, len(x))
    assert np.abs(found - expected).max() < CLOSE * np.abs(expected).max()
    assert np.linalg.eigvalsh(found).min() > -1e-6 * np.abs(found).max()


def test_without_a_hidden_layer_both_matrices_are_the_same(dataset, build):
    """The logits are linear, so the other part of the Hessian is zero."""
    model = drawn(keras.Sequential([keras.Input((6,)), layers.Dense(3)]))
    point = point_of(model)
    products, rng = build(model, dataset).products(point), np.random.default_rng(0)
    v = rng.normal(size=point.parameters.shape)
    expected = products.gauss_newton(v)
    np.testing.assert_allclose(products.hessian(v), expected, rtol=1e-9, atol=1e-12)
    assert np.abs(expected).max() > 1e-3


def test_a_sure_network_in_float32_has_the_products_of_float64():
    """At a loss of 1e-5, what float32 leaves of the probabilities is noise."""
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(400, 6)), rng.normal(size=(6, 3))
    # The labels are the network's own, and it is as sure of each of them.
    second, first = np.sort(x @ kernel, axis=1)[:, 1:].T
    x = 11.5 * x[first > second] / (first - second)[:, None]
    x = x[np.abs(x).max(axis=1) < 20.0]
    y = (x @ kernel).argmax(axis=1).astype(np.int32)
    v, found = rng.normal(size=21), {}
    for precision in ("float64", "float32"):
        keras.config.set_floatx(precision)
        keras.config.set_dtype_policy(precision)
        model = keras.Sequential([keras.Input((6,)), layers.Dense(3)])
        model.layers[0].kernel.assign(kernel)
        data = Dataset(x.astype(precision), y, x.astype(precision), y, classes=3)
        measured = MeasuredLoss(model, data, batch_norm="batch", batch_size=500)
        point = point_of(model)
        assert 5e-6 < measured.measures(point)["train_loss"] < 5e-5
        products = measured.products(point)
        found[precision] = products.hessian(v), products.gauss_newton(v)
    for exact, rounded in zip(*found.values(), strict=True):
        assert np.abs(rounded - exact).max() < 3e-5 * np.abs(exact).max()


@pytest.mark.parametrize("policy", POLICIES)
def test_products_count_as_work(smooth, dataset, build, policy):
    measured, point = build(smooth, dataset, policy), point_of(smooth)
    products, again = measured.products(point), policy == "recalibrated"
    v, examples = flatten(smooth.trainable_variables), len(dataset.x_train)

    def work(product):
        before = measured.work
        product(v)
        gradients = measured.work.gradient_examples - before.gradient_examples
        forward = measured.work.forward_examples - before.forward_examples
        return gradients / examples, forward / examples

    assert work(products.hessian) == (4, 2) if again else (2, 0)
    assert work(products.gauss_newton) == (2, 3) if again else (1, 1)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_batch_has_its_own_gradient_and_curvature(smooth, dataset, build, policy):
    """A batch's moments are its own, as in training: it is a set by itself."""
    some, point = np.array([3, 5, 8, 13, 21, 4]), point_of(smooth)
    alone = dataclasses.replace(
        dataset, x_train=dataset.x_train[some], y_train=dataset.y_train[some]
    )
    whole, part = build(smooth, dataset, policy), build(smooth, alone, "batch")
    curved, squared = whole.curvature_along_gradients(point)(some)
    _, _, gradient = part.loss_accuracy_and_gradient(point)
    expected = gradient @ part.products(point).hessian(gradient)
    assert curved == pytest.approx(expected, rel=1e-4)
    assert squared == pytest.approx(gradient @ gradient, rel=1e-4)
