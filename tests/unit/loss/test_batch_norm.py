"""The policies of batch normalisation, and the layers that they can reach."""

import numpy as np
import pytest

from sharpminima.backend import keras
from sharpminima.loss import batch_norm
from sharpminima.loss.batch_norm import POLICIES
from sharpminima.loss.compiled import CompiledNetwork
from sharpminima.networks.parameters import point_of

pytestmark = pytest.mark.computes
layers = keras.layers
EXACT = 1e-5 if keras.backend.backend() == "jax" else 1e-10


def test_the_policies_differ(model, dataset, build):
    point = point_of(model)
    losses = {
        policy: build(model, dataset, policy).loss_and_accuracy(point, "train")[0]
        for policy in POLICIES
    }
    assert len({round(loss, 4) for loss in losses.values()}) == 3


def test_an_unknown_policy_is_refused(model, dataset, build):
    with pytest.raises(ValueError, match="Received: 'frozen'"):
        build(model, dataset, "frozen")


def batches_of(dataset):
    """Return two batches of a dataset, with their shares."""
    cut = np.array_split(np.arange(len(dataset.x_train), dtype=np.int32), [15])
    set_of = (dataset.x_train, dataset.y_train)
    return [((*set_of, part), len(part) / len(dataset.x_train)) for part in cut]


def test_recalibration_averages_the_moments_by_shares(model, dataset):
    network = CompiledNetwork(batch_norm.copy_of(model, batch_moments=True))
    point, batches = point_of(model), batches_of(dataset)
    found = batch_norm.recalibrated(network, point.parameters, point.averages, batches)
    kernel, bias = (v.numpy() for v in model.trainable_variables[:2])
    hidden = dataset.x_train @ kernel + bias
    mean = hidden.mean(axis=0)
    variance = 15 / 23 * hidden[:15].var(axis=0) + 8 / 23 * hidden[15:].var(axis=0)
    np.testing.assert_allclose(found[0], mean, rtol=EXACT)
    np.testing.assert_allclose(found[1], variance, rtol=EXACT)


def test_the_gradient_through_moments_is_that_of_differences(model, dataset):
    network = CompiledNetwork(batch_norm.copy_of(model, batch_moments=True))
    point, batches = point_of(model), batches_of(dataset)
    x, averages = point.parameters, point.averages
    rng = np.random.default_rng(0)
    weights, direction = rng.normal(size=(2, 5)), rng.normal(size=x.shape)
    gradient = batch_norm.gradient_through_moments(
        network, x, averages, batches, list(weights)
    )
    step = 1e-3

    def product(x):
        moments = batch_norm.recalibrated(network, x, averages, batches)
        return sum(w @ m for w, m in zip(weights, moments))

    slope = (product(x + step * direction) - product(x - step * direction)) / (2 * step)
    assert direction @ gradient == pytest.approx(slope, rel=2e-3)


def test_mixed_variances_stay_positive(model):
    start, end = ([np.full(5, v), np.full(5, v)] for v in (1.0, 5.0))
    mean, variance = batch_norm.mixed(model, [start, end], [2.0, -1.0])
    np.testing.assert_array_equal(mean, np.full(5, -3.0))
    np.testing.assert_array_equal(variance, np.zeros(5))


def test_nested_models_use_batch_moments_too(model, dataset, build):
    nested = keras.Sequential([keras.Input((6,)), model])
    expected = build(model, dataset).measures(point_of(model))
    found = build(nested, dataset).measures(point_of(nested))
    assert found == pytest.approx(expected, rel=EXACT)


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
def test_normalisation_that_a_policy_cannot_reach_is_refused(
    dataset, build, layer, policy
):
    model = keras.Sequential([keras.Input((6,)), layer(), layers.Dense(3)])
    if policy == "moving":
        build(model, dataset, policy)
        return
    with pytest.raises(ValueError, match="Received: .*moving_variance"):
        build(model, dataset, policy)
