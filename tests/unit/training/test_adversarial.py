"""Adversarial training: closed forms of a linear model."""

import numpy as np
import pytest

import training_runs as small
from sharpminima.training import adversarial

pytestmark = pytest.mark.computes


def test_the_adversary_follows_the_sign_of_the_gradient_by_the_inputs(model, dataset):
    """One step of length one is minus the gradient, in which the sign is a constant."""
    oracle, start = small.Linear(model, dataset), small.point(model)
    worst = oracle.perturbed(0.3)
    assert len(np.unique(worst - oracle.x, axis=0).round(6)) > 2
    objective = adversarial.objective(strength=0.3, weight=0.25)
    small.descend(model, dataset, small.EVERYTHING, objective=objective)
    expected = 0.75 * oracle.gradient(oracle.x) + 0.25 * oracle.gradient(worst)
    np.testing.assert_allclose(start - small.point(model), expected, atol=1e-6)
    assert np.abs(expected - oracle.gradient(oracle.x)).max() > 1e-2


def test_the_adversary_raises_the_loss_as_far_as_the_formula_says(model, dataset):
    oracle = small.Linear(model, dataset)
    for weight in (0.25, 1.0):
        objective = adversarial.objective(strength=0.3, weight=weight)
        plain, raised = small.objective_of(objective, model, dataset)
        assert plain == pytest.approx(oracle.loss(oracle.x), rel=1e-5)
        worst = oracle.loss(oracle.perturbed(0.3))
        assert raised == pytest.approx((1 - weight) * plain + weight * worst, rel=1e-5)
        assert raised > plain + 0.05
