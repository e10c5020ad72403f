"""The compiled network: what it is given decides, not what the model holds."""

import numpy as np
import pytest

from sharpminima.loss.compiled import CompiledNetwork, vector_to_device
from sharpminima.networks.parameters import point_of

pytestmark = pytest.mark.computes


def whole(dataset):
    """Return the training set as one batch."""
    indices = np.arange(len(dataset.x_train), dtype=np.int32)
    return dataset.x_train, dataset.y_train, indices


def test_weights_of_the_model_are_not_read(model, dataset):
    network, point = CompiledNetwork(model), point_of(model)
    given = (point.parameters, point.averages, whole(dataset))
    weights = [np.ones(average.shape) for average in point.averages]

    def computed():
        yield from (float(value) for value in network.loss(*given))
        yield from network.moments(*given)
        yield network.moments_gradient(*given, weights)

    before = list(computed())
    for weight in model.weights:
        if weight.dtype == "float64":
            weight.assign(weight * 2)
    for found, expected in zip(computed(), before, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_gradients_come_with_the_loss(model, dataset):
    network, point = CompiledNetwork(model), point_of(model)
    given = (point.parameters, point.averages, whole(dataset))
    loss, correct, by_x, by_averages = network.loss_and_gradients(*given)
    expected = [float(value) for value in network.loss(*given)]
    assert [loss, correct] == pytest.approx(expected, rel=1e-12)
    assert by_x.shape == point.parameters.shape
    assert [g.shape for g in by_averages] == [a.shape for a in point.averages]
    assert all(np.abs(gradient).max() > 0 for gradient in by_averages)


def test_a_batch_is_the_examples_of_its_indices(model, dataset):
    network, point = CompiledNetwork(model), point_of(model)
    x, y, indices = whole(dataset)
    total = float(network.loss(point.parameters, point.averages, (x, y, indices))[0])
    parts = [
        float(network.loss(point.parameters, point.averages, (x, y, part))[0])
        for part in np.array_split(indices, 3)
    ]
    assert sum(parts) == pytest.approx(total, rel=1e-6)


def test_a_vector_on_the_device_stays_there():
    x = vector_to_device(np.arange(3.0))
    assert vector_to_device(x) is x
