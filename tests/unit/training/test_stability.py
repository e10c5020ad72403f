"""Stability training: known divergences, and closed forms of a linear model."""

import numpy as np
import pytest

import training_runs as small
from sharpminima import backend
from sharpminima.training import stability

pytestmark = pytest.mark.computes


def test_divergence_of_known_probabilities():
    p, q = np.array([[0.5, 0.5], [0.2, 0.8]]), np.array([[0.25, 0.75], [0.2, 0.8]])
    logits, others = (np.log(each).astype(np.float32) + 3 for each in (p, q))
    expected = 0.5 * (0.5 * np.log(2) + 0.5 * np.log(2 / 3))
    found = stability.mean_divergence(*map(backend.to_device, (logits, others)))
    assert float(found) == pytest.approx(expected, rel=1e-5)
    turned = stability.mean_divergence(*map(backend.to_device, (others, logits)))
    expected = 0.5 * (0.25 * np.log(0.5) + 0.75 * np.log(1.5))
    assert float(turned) == pytest.approx(expected, rel=1e-5)


def test_stability_is_the_loss_and_the_divergence_from_noisy_inputs(model, dataset):
    """And its gradient goes through both answers: the numbers are differences of it."""
    x = backend.to_device(dataset.x_train)
    noisy = stability.noisy(x, 0.5, seed=0, epoch=0)
    oracle, start = small.Linear(model, dataset), small.point(model)

    def value(vector):
        oracle.weights, oracle.bias = vector[:6].reshape(2, 3), vector[6:]
        p, q = (oracle.probabilities(np.float64(each)) for each in (x, noisy))
        return oracle.loss(oracle.x) + 2 * (p * np.log(p / q)).sum(-1).mean()

    objective = stability.objective(weight=2.0)
    plain, found = small.objective_of(objective, model, dataset, noisy)
    assert found == pytest.approx(value(np.float64(start)), rel=1e-5)
    assert found > plain + 0.02
    small.descend(model, dataset, small.EVERYTHING, (x, noisy), objective=objective)
    steps = 1e-6 * np.eye(9)
    expected = [(value(start + e) - value(start - e)) / 2e-6 for e in steps]
    np.testing.assert_allclose(start - small.point(model), expected, atol=1e-5)


def test_noise_has_its_strength_and_is_drawn_for_each_seed_and_epoch():
    x = backend.to_device(np.ones((2000, 3, 4), np.float32))
    names = [(0, 0), (0, 1), (1, 0), (0, 0)]
    drawn = [
        np.asarray(stability.noisy(x, 0.25, seed=s, epoch=e)) - 1 for s, e in names
    ]
    assert drawn[0].std() == pytest.approx(0.25, rel=0.02)
    assert abs(drawn[0].mean()) < 0.01
    assert drawn[0].dtype == np.float32
    np.testing.assert_array_equal(drawn[0], drawn[3])
    for a, b in [(0, 1), (0, 2), (1, 2)]:
        assert abs(np.corrcoef(drawn[a].ravel(), drawn[b].ravel())[0, 1]) < 0.05
