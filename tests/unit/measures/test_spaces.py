"""Spaces against their matrices, the box, and the metric."""

import numpy as np
import pytest

from sharpminima.measures.spaces import RandomSubspace, box_half_widths, metric

N = 400


def test_the_box_is_open_where_a_parameter_is_zero():
    widths = box_half_widths(np.array([0.0, -3.0]), 0.1)
    np.testing.assert_allclose(widths, [0.1, 0.4])


@pytest.mark.parametrize("epsilon", [0.0, -1e-3])
def test_an_empty_box_is_refused(epsilon):
    with pytest.raises(ValueError, match="`epsilon` must be positive"):
        box_half_widths(np.zeros(2), epsilon)


def test_the_subspaces_columns_are_standard_normal_and_not_normalised():
    space = RandomSubspace(20_000, dimensions=10, seed=0)
    columns = np.array([space.displacement(z) for z in np.eye(10)])
    assert np.std(columns) == pytest.approx(1.0, abs=0.01)
    assert np.linalg.norm(columns, axis=1) == pytest.approx(
        [20_000**0.5] * 10, rel=0.05
    )


def test_the_subspace_is_consistent_with_its_matrix():
    space = RandomSubspace(N, dimensions=4, seed=1)
    a = np.array([space.displacement(z) for z in np.eye(4)]).T
    x = np.random.default_rng(0).normal(size=N)
    np.testing.assert_allclose(space.coordinates(x), np.linalg.pinv(a) @ x, rtol=1e-9)
    np.testing.assert_allclose(space.pull_back(x), a.T @ x, rtol=1e-4)


def test_the_metric_is_the_rise_in_percent_of_one_plus_the_loss():
    assert metric(0.5, 0.5) == 0.0
    assert metric(0.5, 2.0) == pytest.approx(100.0)
    assert metric(0.0, 0.25) == pytest.approx(25.0)
