"""The evaluation network against a forward pass in NumPy, and gradients by difference.

Everything runs in float64 here, so that tolerances can be tight; but on JAX, Keras
normalises batches in float32 whatever it is told.
"""

import numpy as np
import pytest
from scipy.special import logsumexp

from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.data.datasets import Dataset
from sharpminima.loss.measured import POLICIES, EvaluationNetwork
from sharpminima.networks.parameters import flatten
from sharpminima.regimes import batches

pytestmark = pytest.mark.computes
layers = keras.layers
ON_JAX = keras.backend.backend() == "jax"
EXACT, STEP, CLOSE = (1e-6, 1e-3, 2e-3) if ON_JAX else (1e-10, 1e-5, 1e-6)
EXAMPLES, BATCH_SIZE = 23, 12  # two unequal batches, of 12 and 11


@pytest.fixture(autouse=True)
def float64():
    for precision in ("float64", "float32"):
        keras.config.set_floatx(precision)
        keras.config.set_dtype_policy(precision)
        if precision == "float64":
            yield


@pytest.fixture
def dataset():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, EXAMPLES, 6)), rng.integers(0, 3, (2, EXAMPLES))
    y = y.astype(np.int32)
    return Dataset(x[0], y[0], x[1], y[1], classes=3)


@pytest.fixture
def model():
    """Dense, batch-normalised, dropout that would show; every weight random."""
    network = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(5),
            layers.BatchNormalization(epsilon=1e-5),
            layers.Activation("relu"),
            layers.Dropout(0.9, seed=0),
            layers.Dense(3),
        ]
    )
    rng = np.random.default_rng(1)
    for weight in network.weights:
        if weight.dtype == "float64":
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    return network


def build(model, dataset, policy="batch"):
    return EvaluationNetwork(model, dataset, batch_norm=policy, batch_size=BATCH_SIZE)


def naive(model, x, y, moments):
    """Return mean loss and accuracy; `moments(h, part)` gives mean and variance."""
    kernel, bias, gamma, beta, last_kernel, last_bias = (
        v.numpy() for v in model.trainable_variables
    )
    losses, hits = [], []
    for part in batches.evaluation_batches("train", EXAMPLES, BATCH_SIZE):
        hidden = x[part] @ kernel + bias
        mean, variance = moments(hidden)
        hidden = gamma * (hidden - mean) / np.sqrt(variance + 1e-5) + beta
        logits = np.maximum(hidden, 0) @ last_kernel + last_bias
        losses += list(logsumexp(logits, axis=1) - logits[range(len(part)), y[part]])
        hits += list(logits.argmax(axis=1) == y[part])
    return np.mean(losses), 100 * np.mean(hits)


def batch_moments(hidden):
    return hidden.mean(axis=0), hidden.var(axis=0)


def averaged_moments(model, x):
    """Return the batches' moments, averaged by their share of the examples."""
    kernel, bias = (v.numpy() for v in model.trainable_variables[:2])
    cut = batches.evaluation_batches("train", EXAMPLES, BATCH_SIZE)
    terms = [batch_moments(x[part] @ kernel + bias) for part in cut]
    shares = [len(part) / EXAMPLES for part in cut]
    return tuple(
        np.average([t[i] for t in terms], axis=0, weights=shares) for i in (0, 1)
    )


def moving_moments(model):
    return tuple(v.numpy() for v in model.non_trainable_variables[:2])


@pytest.mark.parametrize("policy", POLICIES)
def test_loss_and_accuracy_are_those_of_numpy(model, dataset, policy):
    moments = {
        "batch": batch_moments,
        "moving": lambda hidden: moving_moments(model),
        "recalibrated": lambda hidden: averaged_moments(model, dataset.x_train),
    }[policy]
    x = flatten(model.trainable_variables)
    expected = naive(model, dataset.x_train, dataset.y_train, moments)
    found = build(model, dataset, policy).loss_and_accuracy(x, "train")
    assert found == pytest.approx(expected, rel=EXACT)


def test_the_policies_differ(model, dataset):
    x = flatten(model.trainable_variables)
    losses = {
        policy: build(model, dataset, policy).loss_and_accuracy(x, "train")[0]
        for policy in POLICIES
    }
    assert len({round(loss, 4) for loss in losses.values()}) == 3


@pytest.mark.parametrize("policy", POLICIES)
def test_the_gradient_is_that_of_differences(model, dataset, policy):
    network = build(model, dataset, policy)
    x = flatten(model.trainable_variables)
    loss, gradient = network.loss_and_gradient(x)
    assert loss == pytest.approx(network.loss_and_accuracy(x, "train")[0], rel=1e-12)
    rng = np.random.default_rng(2)
    for _ in range(5):
        direction = rng.normal(size=x.shape)
        up, down = (
            network.loss_and_accuracy(x + step * direction, "train")[0]
            for step in (STEP, -STEP)
        )
        slope = (up - down) / (2 * STEP)
        assert direction @ gradient == pytest.approx(slope, rel=CLOSE)


@pytest.mark.parametrize("policy", POLICIES)
def test_loss_accuracy_and_gradient_come_from_one_pass(model, dataset, policy):
    network, x = build(model, dataset, policy), flatten(model.trainable_variables)
    loss, accuracy, _ = network.loss_accuracy_and_gradient(x)
    expected = build(model, dataset, policy).loss_and_accuracy(x, "train")
    assert (loss, accuracy) == pytest.approx(expected, rel=1e-12)
    assert network.work.forward_examples == (
        EXAMPLES if policy == "recalibrated" else 0
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_a_mixture_is_evaluated_as_the_vector_that_it_is(model, dataset, policy):
    network, start = build(model, dataset, policy), flatten(model.trainable_variables)
    end = start + np.linspace(0.0, 1.0, len(start))
    expected = network.measures(0.25 * start + 0.75 * end)
    assert network.between(start, end)(0.25, 0.75) == pytest.approx(expected, rel=EXACT)


def test_mixing_different_networks_is_refused(model, dataset):
    start = flatten(model.trainable_variables)
    with pytest.raises(ValueError, match=r"start.shape=\(63,\), end.shape=\(3,\)"):
        build(model, dataset).between(start, np.zeros(3))


def test_data_may_lie_on_the_device_already(model, dataset):
    x = flatten(model.trainable_variables)
    expected = build(model, dataset).measures(x)
    assert build(model, backend.on_device(dataset)).measures(x) == expected


def test_it_is_a_function_of_x_alone(model, dataset):
    network = build(model, dataset)
    x = flatten(model.trainable_variables)
    before = network.measures(x)
    for weight in model.trainable_variables:
        weight.assign(weight * 2)
    network.measures(x + 1)
    assert network.measures(x) == before
    assert np.isfinite(before["test_loss"])


def test_evaluating_moves_no_averages(model, dataset):
    before = [v.numpy() for v in model.non_trainable_variables]
    for policy in POLICIES:
        network = build(model, dataset, policy)
        network.loss_and_gradient(flatten(model.trainable_variables))
    for old, variable in zip(before, model.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())


def test_moving_averages_follow_the_model(model, dataset):
    network = build(model, dataset, "moving")
    x = flatten(model.trainable_variables)
    before = network.loss_and_accuracy(x, "train")[0]
    model.layers[1].moving_variance.assign(model.layers[1].moving_variance * 9)
    assert network.loss_and_accuracy(x, "train")[0] != before


def test_interpolated_variances_stay_positive(model, dataset):
    network = build(model, dataset, "moving")
    start, end = ([np.full(5, v), np.full(5, v)] for v in (1.0, 5.0))
    mean, variance = network.interpolated_averages(start, end, -1.0)
    np.testing.assert_array_equal(mean, np.full(5, -3.0))
    np.testing.assert_array_equal(variance, np.zeros(5))


def test_nested_models_use_batch_moments_too(model, dataset):
    nested = keras.Sequential([keras.Input((6,)), model])
    x = flatten(nested.trainable_variables)
    expected = naive(model, dataset.x_train, dataset.y_train, batch_moments)
    found = build(nested, dataset).loss_and_accuracy(x, "train")
    assert found == pytest.approx(expected, rel=EXACT)


def test_an_unknown_policy_is_refused(model, dataset):
    with pytest.raises(ValueError, match="Received: 'frozen'"):
        build(model, dataset, "frozen")


class Normalised(layers.BatchNormalization):
    """A subclass, which may compute anything."""


class Block(layers.Layer):
    """Batch normalisation inside another layer."""

    def build(self, shape):
        self.normalisation = layers.BatchNormalization()
        self.normalisation.build(shape)

    def call(self, inputs):
        return self.normalisation(inputs)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("layer", [Normalised, Block])
def test_normalisation_that_a_policy_cannot_reach_is_refused(dataset, layer, policy):
    model = keras.Sequential([keras.Input((6,)), layer(), layers.Dense(3)])
    if policy == "moving":
        build(model, dataset, policy)
        return
    with pytest.raises(ValueError, match="Received: .*moving_variance"):
        build(model, dataset, policy)
