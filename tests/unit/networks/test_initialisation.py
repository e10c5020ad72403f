"""Starting points: Glorot's distribution, one per seed, the same for every regime."""

import numpy as np
import pytest

from sharpminima.backend import keras
from sharpminima.networks.initialisation import initialise

pytestmark = pytest.mark.computes
layers = keras.layers


def dense(initializer="glorot_uniform"):
    return keras.Sequential(
        [
            keras.Input((300,)),
            layers.Dense(200, kernel_initializer=initializer),
            layers.BatchNormalization(),
            layers.Dense(10),
        ]
    )


def weights(model, seed):
    initialise(model, seed)
    return [v.numpy() for v in model.trainable_variables]


def test_kernels_are_uniform_within_glorots_limit():
    kernel = weights(dense(), 0)[0]
    limit = np.sqrt(6 / (300 + 200))
    assert 0.99 * limit < np.abs(kernel).max() <= limit
    assert np.std(kernel) == pytest.approx(limit / np.sqrt(3), rel=0.02)


def test_convolutions_count_their_receptive_field():
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(64, 5)])
    kernel = weights(model, 0)[0]
    assert np.abs(kernel).max() == pytest.approx(np.sqrt(6 / (25 * 67)), rel=0.01)


@pytest.mark.parametrize(
    ("initializer", "deviation"),
    [("he_normal", np.sqrt(2 / 300)), ("lecun_uniform", np.sqrt(1 / 300))],
)
def test_other_variance_scalings_have_their_deviation(initializer, deviation):
    kernel = weights(dense(initializer), 0)[0]
    assert np.std(kernel) == pytest.approx(deviation, rel=0.02)


def test_biases_and_normalisation_start_at_their_constants():
    _, bias, gamma, beta, *_ = weights(dense(), 0)
    assert not bias.any()
    assert not beta.any()
    assert (gamma == 1).all()


def test_a_seed_is_a_starting_point():
    first, again, other = weights(dense(), 0), weights(dense(), 0), weights(dense(), 1)
    np.testing.assert_array_equal(first[0], again[0])
    assert (first[0] != other[0]).any()
    assert (first[0][:10, :10] != first[-2][:10, :10]).any()


def test_an_initializer_that_numpy_cannot_stand_in_for_is_refused():
    with pytest.raises(ValueError, match="kernel` must have .* Received: Orthogonal"):
        initialise(dense("orthogonal"), 0)


def test_an_initializer_that_its_layer_does_not_hold_is_refused():
    depthwise = layers.DepthwiseConv2D(3, name="own")
    model = keras.Sequential([keras.Input((6, 6, 2)), depthwise])
    message = "own/kernel` must have .* as `kernel_initializer`. Received: none"
    with pytest.raises(ValueError, match=message):
        initialise(model, 0)
