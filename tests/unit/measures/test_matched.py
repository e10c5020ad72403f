"""The matched control: where a descent ends, what it took, what is searched then."""

from dataclasses import asdict, fields

import numpy as np
import pytest

from project import default_config
from sharpminima.measures import matched, sharpness
from sharpminima.measures.maximisers import Minimum

CURVATURES = np.linspace(1.0, 20.0, 30)
X = np.linspace(-2.0, 3.0, 30)
FLOOR = 0.25
SEARCH = {
    **{"max_iterations": 3, "max_evaluations": 8},
    "full": {"lbfgsb": ["zero", "random"], "sign": []},
    "subspace": {"dimensions": 2, "draws": 1, "lbfgsb": ["zero"], "sign": []},
}


def bowl(x):
    """A quadratic around 0, its floor above 0."""
    return FLOOR + 0.5 * float(CURVATURES @ x**2), CURVATURES * x


def recorded(f):
    """Return `f`, and the list of points at which it will have been evaluated."""
    points = []

    def function(x):
        points.append(x)
        return f(x)

    return function, points


def descend(f, x=X, gradient_norm=1e-3, max_gradients=100):
    """Return the end, what the descent took, and the points that it evaluated."""
    checkpoint = Minimum(x, *f(x))
    function, points = recorded(f)
    limits = {"gradient_norm": gradient_norm, "max_gradients": max_gradients}
    return *matched.descend(function, checkpoint, **limits), points


def norm_at(f, x):
    return np.linalg.norm(f(x)[1])


@pytest.mark.parametrize("target", [10.0, 0.1, 1e-3, 1e-6])
def test_it_ends_at_the_first_point_with_a_small_gradient(target):
    end, descent, points = descend(bowl, gradient_norm=target)
    assert descent.reached
    assert descent.descent_message == matched.REACHED
    assert norm_at(bowl, points[-1]) <= target
    assert all(norm_at(bowl, x) > target for x in points[:-1])
    np.testing.assert_array_equal(end.x, points[-1])
    assert end.loss == bowl(end.x)[0]
    np.testing.assert_array_equal(end.gradient, bowl(end.x)[1])


def test_it_says_what_it_took():
    end, descent, points = descend(bowl)
    assert descent.gradients == len(points)
    assert descent.distance == pytest.approx(np.linalg.norm(end.x - X))
    assert (descent.loss_as_trained, descent.loss_matched) == (bowl(X)[0], end.loss)
    assert descent.gradient_norm_as_trained == norm_at(bowl, X)
    assert descent.gradient_norm_matched == norm_at(bowl, end.x)


def test_a_gradient_that_is_small_already_takes_no_step():
    end, descent, points = descend(bowl, gradient_norm=norm_at(bowl, X))
    assert points == []
    np.testing.assert_array_equal(end.x, X)
    assert (descent.reached, descent.gradients, descent.distance) == (True, 0, 0.0)


def test_a_point_without_a_slope_takes_no_step():
    end, descent, points = descend(bowl, x=np.zeros(30))
    assert (points, descent.reached) == ([], True)
    assert end.loss == FLOOR


def test_the_first_step_is_polyaks():
    """On f = c^2 ||x||^2 / 2 it is half the way to the minimum, whatever c."""
    for scale in (1e-3, 1.0, 1e3):
        _, _, points = descend(lambda x, c=scale: (c * x @ x / 2.0, c * x), X, 1e-9)
        np.testing.assert_allclose(points[0], X / 2.0)


@pytest.mark.parametrize("cap", [1, 2, 5])
def test_it_spends_no_more_gradients_than_it_may(cap):
    end, descent, points = descend(bowl, gradient_norm=1e-12, max_gradients=cap)
    assert descent.gradients == len(points) == cap
    assert not descent.reached
    assert descent.descent_message != matched.REACHED
    assert descent.gradient_norm_matched > 1e-12
    # The lowest point that was seen.
    assert end.loss == min(bowl(x)[0] for x in [X, *points])


@pytest.mark.parametrize(("height", "end"), [(10.0, 0.95), (1.0, 0.725)])
def test_a_plateau_above_the_start_is_no_end(height, end):
    """The first step leaps from 1 over a valley at 0.95, to where the loss is flat."""

    def cliff(x):
        if x[0] < 0.9:
            return height, np.zeros(1)
        return 5.0 + 200.0 * (x[0] - 0.95) ** 2, 400.0 * (x - 0.95)

    found, descent, points = descend(cliff, x=np.ones(1), gradient_norm=1e-6)
    assert points[0][0] == pytest.approx(0.725)
    assert descent.reached
    assert found.x[0] == pytest.approx(end)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_point_without_a_finite_loss_is_no_end(value):
    def broken(x):
        loss, gradient = bowl(x)
        return (value, gradient * np.nan) if np.abs(x).max() < 2.0 else (loss, gradient)

    end, descent, points = descend(broken)
    assert not descent.reached
    assert not all(np.isfinite(broken(x)[0]) for x in points)
    assert np.isfinite(end.loss)
    assert np.isfinite(end.gradient).all()


TARGET = {"gradient_norm": 1e-3, "max_gradients": 50}


def test_the_searches_are_made_where_the_descent_ends():
    checkpoint, epsilons = Minimum(X, *bowl(X)), [1e-2, 1e-3]
    rows = list(matched.measure(bowl, checkpoint, SEARCH, TARGET, epsilons, 7))
    end, descent = matched.descend(bowl, checkpoint, **TARGET)
    expected = list(sharpness.measure(bowl, end, SEARCH, epsilons, 7))
    assert len(rows) == len(expected) == 6
    for row, search in zip(rows, expected):
        for name in set(search) - {"seconds"}:
            assert row[name] == search[name]
        assert {name: row[name] for name in TARGET} == TARGET
        assert {name: row[name] for name in asdict(descent)} == asdict(descent)
    assert rows[0]["loss_before"] == rows[0]["loss_matched"] == end.loss


def test_a_diverged_run_has_the_same_searches_without_values():
    checkpoint, epsilons = Minimum(X, *bowl(X)), [1e-2]
    found = list(matched.measure(bowl, checkpoint, SEARCH, TARGET, epsilons, 7))
    rows = list(matched.not_measured(SEARCH, TARGET, epsilons, 7, "diverged"))
    which = ["space", "epsilon", "start", *TARGET]
    assert [[r[n] for n in which] for r in rows] == [
        [r[n] for n in which] for r in found
    ]
    for row in rows:
        assert {field.name for field in fields(matched.Descent)} < set(row)
        assert row["reached"] is False
        assert row["message"] == row["descent_message"] == "diverged"
        assert np.isnan([row["sharpness"], row["gradients"], row["distance"]]).all()


def test_a_plan_counts_the_checkpoint_the_cap_and_the_searches():
    config = default_config()
    planned = matched.planned(config, {"epsilon": "0.001"})
    cap = config["matched"]["max_gradients"]
    assert planned.gradients == 1 + cap + 2 * 11 + 40
    assert planned.searches == {"full": 2, "subspace": 1}
