"""Networks have the paper's layers, shapes and parameter counts."""

import numpy as np
import pytest

from project import default_config
from sharpminima.backend import keras
from sharpminima.networks import builders

pytestmark = pytest.mark.computes
CATALOGUE = default_config()["networks"]


# Input shape, classes, and trainable parameters as the authors' description has them.
PAPER = {
    "F1": ((28, 28), 10, 1_462_794),
    "F2": ((360,), 1973, 2_780_085),
    "C1": ((32, 32, 3), 10, 1_757_834),
    "C2": ((32, 32, 3), 10, 14_991_946),
    "C3": ((32, 32, 3), 100, 1_775_204),
    "C4": ((32, 32, 3), 100, 15_038_116),
}
BLOCK = ["Dense", "BatchNormalization", "Activation"]
CONVOLUTION = ["Conv2D", "BatchNormalization", "Activation"]


def build(name):
    input_shape, classes, _ = PAPER[name]
    return builders.build(CATALOGUE[name], input_shape=input_shape, classes=classes)


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize("name", PAPER)
def test_a_network_has_the_papers_parameters(name):
    trainable = sum(np.prod(v.shape) for v in build(name).trainable_variables)
    assert trainable == PAPER[name][2]


@pytest.mark.parametrize("name", PAPER)
def test_a_network_returns_logits(name):
    input_shape, classes, _ = PAPER[name]
    model = build(name)
    images = np.random.default_rng(0).random((2, *input_shape), np.float32)
    logits = np.asarray(model(images))
    assert logits.shape == (2, classes)
    assert np.isfinite(logits).all()
    assert model.layers[-1].activation is keras.activations.linear


@pytest.mark.parametrize("name", PAPER)
def test_batch_normalisation_is_that_of_keras_1(name):
    normalised = [la for la in build(name).layers if hasattr(la, "epsilon")]
    assert {layer.epsilon for layer in normalised} == {1e-5}


@pytest.mark.parametrize(("name", "hidden_layers"), [("F1", 5), ("F2", 7)])
def test_a_fully_connected_network_has_the_papers_layers(name, hidden_layers):
    assert kinds(build(name)) == ["Flatten", *BLOCK * hidden_layers, "Dense"]


def test_the_shallow_network_has_the_authors_layers():
    model = build("C1")
    dense = [*BLOCK, "Dropout"]
    pooled = [*CONVOLUTION, "MaxPooling2D"]
    assert kinds(model) == [*pooled * 2, "Flatten", *dense * 2, "Dense"]
    assert [la.units for la in model.layers if hasattr(la, "units")] == [384, 192, 10]
    assert [la.rate for la in model.layers if hasattr(la, "rate")] == [0.5, 0.5]


def test_the_deep_network_drops_out_where_the_authors_do():
    model = build("C2")
    rates = [
        la.rate if type(la).__name__ == "Dropout" else type(la).__name__[0]
        for la in model.layers
        if type(la).__name__ in ("Conv2D", "Dropout", "MaxPooling2D", "Dense")
    ]
    expected = ["C", 0.3, "C", "M", "C", 0.4, "C", "M"]
    expected += ["C", 0.4, "C", 0.4, "C", "M"] * 3
    assert rates == [*expected, 0.5, "D", 0.5, "D"]
    filters = [la.filters for la in model.layers if hasattr(la, "filters")]
    assert filters == [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6


def pooled(image, size, pooling):
    """Return `image`, shape `(n, n)`, as the pooling layers see it."""
    result = image[None, :, :, None]
    for layer in builders._max_pooling(size, pooling):
        result = layer(result)
    return np.asarray(result)[0, :, :, 0]


@pytest.mark.parametrize("n", [2, 6, 7])
@pytest.mark.parametrize(
    ("size", "pooling", "first"),
    [(2, "tensorflow", 0), (2, "theano", -1), (3, "theano", -1)],
)
def test_pooling_windows_begin_where_the_backend_begins_them(n, size, pooling, first):
    image = np.random.default_rng(0).random((n, n), np.float32)
    starts = range(first, first + 2 * -(-n // 2), 2)
    expected = [
        [
            image[max(i, 0) : i + size, max(j, 0) : j + size].max(initial=0)
            for j in starts
        ]
        for i in starts
    ]
    np.testing.assert_array_equal(pooled(image, size, pooling), expected)


def test_theano_pooling_changes_no_shape():
    for name in ("C1", "C2"):
        entry = CATALOGUE[name] | {"options": {"pooling": "theano"}}
        shifted = builders.build(entry, input_shape=(32, 32, 3), classes=10)
        shapes = [v.shape for v in shifted.trainable_variables]
        assert shapes == [v.shape for v in build(name).trainable_variables]


def test_an_unknown_builder_is_refused_with_the_known_ones():
    with pytest.raises(
        ValueError, match=r"one of \['deep_convolutional', .* Received: 'x'"
    ):
        builders.build(
            {"builder": "x", "options": {}}, input_shape=(28, 28), classes=10
        )
