"""Starting points: Glorot's distribution, one per seed, the same for every regime."""

import numpy as np
import pytest

from sharpminima.backend import keras
from sharpminima.networks.initialisation import initialise, left_as_built

pytestmark = pytest.mark.computes
initializers, layers = keras.initializers, keras.layers


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


INPUTS = keras.Input((30, 40))
IMAGES = keras.Input((9, 9, 40))


@pytest.mark.parametrize(
    ("layer", "inputs"),
    [
        *((layers.Dense(50, kernel_initializer=kind), INPUTS) for kind in (
            *("glorot_normal", "he_uniform", "lecun_normal"),
            initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal"),
            *(initializers.RandomNormal(1.0, 2.0), initializers.TruncatedNormal(1.0)),
            *(initializers.RandomUniform(-1.0, 3.0), initializers.Orthogonal(3.0)),
        )),
        (layers.Conv2D(50, 3), IMAGES),
        (layers.Conv2DTranspose(20, 3), IMAGES),
        (layers.DepthwiseConv2D(5, depth_multiplier=2), IMAGES),
        (layers.SeparableConv2D(50, 5), IMAGES),
        (layers.EinsumDense("abc,cde->abde", (30, 10, 20)), INPUTS),
        (layers.EinsumDense("abc,cd->abd", (30, 50), bias_axes="d",
                            bias_initializer="glorot_uniform"), INPUTS),
        (layers.MultiHeadAttention(4, 10, value_dim=20), INPUTS),
        (layers.TimeDistributed(layers.Dense(50)), INPUTS),
        (layers.LSTM(50), INPUTS),
        (layers.GRU(50, bias_initializer="glorot_uniform"), INPUTS),
        (layers.Bidirectional(layers.SimpleRNN(50)), INPUTS),
        (layers.PReLU("uniform"), INPUTS),
        (layers.Embedding(60, 50), keras.Input((30,), dtype="int32")),
    ],
)  # fmt: skip
def test_numpy_draws_from_the_distribution_of_keras(layer, inputs):
    """The layer's own values are the oracle."""
    many = isinstance(layer, layers.MultiHeadAttention)
    model = keras.Model(inputs, layer(*(2 if many else 1) * [inputs]))
    before = [v.numpy() for v in model.trainable_variables]
    initialise(model, 0)
    drawn = 0
    for old, variable in zip(before, model.trainable_variables, strict=True):
        new = variable.numpy()
        if np.isin(old, [0.0, 1.0]).all():
            np.testing.assert_array_equal(new, old)
            continue
        drawn += 1
        assert (new != old).any()
        error = np.std(old) / np.sqrt(old.size)
        assert np.mean(new) == pytest.approx(np.mean(old), abs=6 * error)
        spread = 5 / np.sqrt(old.size)
        assert np.std(new) == pytest.approx(np.std(old), rel=spread)
        heavy = np.mean((old - old.mean()) ** 4) / np.var(old) ** 2
        tails = np.mean((new - new.mean()) ** 4) / np.var(new) ** 2
        assert tails == pytest.approx(heavy, rel=4 * spread)
    assert drawn
    # An LSTM's bias may be random for all that is known.
    left = ["bias"] if isinstance(layer, layers.LSTM) else []
    assert [variable.name for variable in left_as_built(model)] == left


@pytest.mark.parametrize("shape", [(9, 5), (5, 9), (2, 3, 4)])
def test_orthogonal_kernels_are_orthogonal(shape):
    model = keras.Sequential([keras.Input(shape[:-1])])
    kernel = layers.Layer()
    kernel.kernel_initializer = initializers.Orthogonal(3.0)
    kernel.kernel = kernel.add_weight(shape, name="kernel")
    kernel.call = lambda inputs: inputs
    model.add(kernel)
    matrix = np.float64(weights(model, 0)[0]).reshape(-1, shape[-1])
    matrix = matrix if len(matrix) >= shape[-1] else matrix.T
    product = matrix.T @ matrix
    np.testing.assert_allclose(product, 9.0 * np.eye(len(product)), atol=1e-5)


def test_an_identity_stays_one():
    kernel = weights(dense("identity"), 0)[0]
    np.testing.assert_array_equal(kernel, np.eye(300, 200))


class Shifted(initializers.GlorotUniform):
    """A user's own, which draws otherwise."""

    def __call__(self, shape, dtype=None):
        return 5 + super().__call__(shape, dtype)


def test_what_numpy_cannot_stand_in_for_stays_as_built():
    depthwise = layers.DepthwiseConv2D(3, depthwise_initializer=Shifted())
    stack = [depthwise, layers.Dense(3, trainable=False), layers.BatchNormalization()]
    model = keras.Sequential([keras.Input((6, 6, 2)), *stack])
    before = depthwise.kernel.numpy()
    initialise(model, 0)
    np.testing.assert_array_equal(depthwise.kernel.numpy(), before)
    assert before.min() > 4
    assert left_as_built(model) == [depthwise.kernel, model.layers[1].kernel]
