"""A network whose loss is a formula has that loss, and its gradient."""

import numpy as np
import pytest

from sharpminima.backend import keras
from sharpminima.selftest.formulas import Problem

pytestmark = pytest.mark.computes
X = np.array([1.0, -2.0, 0.5])


def test_the_loss_is_the_formula_and_so_is_its_gradient():
    problem = Problem.of(lambda _, x: keras.ops.sum(x**2) + 0.25, X)
    loss, gradient = problem.f(X)
    assert loss == pytest.approx(X @ X + 0.25, rel=1e-6)
    assert gradient == pytest.approx(2 * X, rel=1e-6)
    assert problem.value(2 * X) == pytest.approx(4 * X @ X + 0.25, rel=1e-6)
    minimum = problem.minimum
    assert (minimum.loss, list(minimum.x)) == (loss, list(X))


def test_each_example_has_its_own_loss():
    examples = np.random.default_rng(0).normal(size=(7, 3))
    problem = Problem.of(lambda a, x: keras.ops.matmul(a, x) + 9.0, X, examples)
    loss, gradient = problem.f(X)
    assert loss == pytest.approx((examples @ X + 9.0).mean(), rel=1e-6)
    assert gradient == pytest.approx(examples.mean(axis=0), rel=1e-5)
    gradients = problem.loss.gradients_of_batches()(problem.point, [np.array([2, 5])])
    assert next(gradients) == pytest.approx(examples[[2, 5]].mean(axis=0), rel=1e-5)
