"""Searches in a box against cases whose answer is known in closed form."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from sharpminima.measures import maximisers
from sharpminima.measures.maximisers import Minimum, maximise, starting_z
from sharpminima.measures.spaces import FullSpace, RandomSubspace, box_half_widths

RNG = np.random.default_rng(0)
N = 400


def search(loss_and_gradient, x, epsilon, space=None, start="zero", **options):
    space = space or FullSpace()
    half_widths = box_half_widths(space.coordinates(x), epsilon)
    return maximise(
        loss_and_gradient,
        Minimum(x, *loss_and_gradient(x)),
        space=space,
        half_widths=half_widths,
        epsilon=epsilon,
        start=starting_z(start, half_widths, seed=0),
        **{"max_iterations": 10, "max_evaluations": 40, **options},
    )


def rise(ascent):
    return ascent.loss_after - ascent.loss_before


def linear(slope, x, height):
    return lambda y: (height + slope @ (y - x), slope)


def bowl(curvatures, centre, height=0.0):
    """Return f(y) = height + sum of curvatures / 2 (y - centre)^2."""

    def loss_and_gradient(y):
        step = y - centre
        return height + 0.5 * step @ (curvatures * step), curvatures * step

    return loss_and_gradient


@pytest.mark.parametrize("factor", [1.0, 1e-6])
@pytest.mark.parametrize("start", ["zero", "random"])
def test_a_linear_loss_reaches_the_corner_of_the_box(factor, start):
    x, slope = RNG.normal(size=N), RNG.normal(size=N) * factor
    ascent = search(linear(slope, x, height=0.0), x, 1e-3, start=start)
    expected = np.abs(slope) @ (1e-3 * (np.abs(x) + 1))
    assert rise(ascent) == pytest.approx(expected, rel=1e-9)
    assert ascent.on_bound == 1.0


@pytest.mark.parametrize("factor", [1.0, 1e-6])
def test_a_quadratic_loss_reaches_its_maximum_in_the_box(factor):
    """The minimiser is off by a hundredth of the box, so the far corner is known."""
    x, epsilon = RNG.normal(size=N), 1e-3
    curvatures = factor * 10.0 ** RNG.uniform(-1, 2, N)
    widths = epsilon * (np.abs(x) + 1)
    offset = 0.01 * widths * RNG.choice([-1, 1], N)
    before = 0.5 * curvatures @ offset**2
    highest = 0.5 * curvatures @ (widths + np.abs(offset)) ** 2
    ascent = search(bowl(curvatures, x + offset), x, epsilon)
    assert rise(ascent) == pytest.approx(highest - before, rel=1e-6)
    assert (ascent.loss_before, ascent.loss_after) == pytest.approx((before, highest))


@pytest.mark.parametrize("factor", [1.0, 1e-6])
def test_a_quadratic_loss_in_a_subspace_reaches_its_maximum(factor):
    x, epsilon, p = RNG.normal(size=N), 1e-3, 3
    space = RandomSubspace(N, dimensions=p, seed=5)
    a = np.random.default_rng(5).standard_normal((p, N), dtype=np.float32).T
    a = a.astype(np.float64)
    widths = epsilon * (np.abs(np.linalg.pinv(a) @ x) + 1)
    curvatures = factor * RNG.uniform(0.5, 2.0, N)
    centre = x + a @ (0.1 * widths)
    corners = np.array(np.meshgrid(*[[-1, 1]] * p)).reshape(p, -1).T * widths
    loss_and_gradient = bowl(curvatures, centre)
    before = loss_and_gradient(x)[0]
    highest = max(loss_and_gradient(x + a @ z)[0] for z in corners)
    ascent = search(loss_and_gradient, x, epsilon, space)
    assert rise(ascent) == pytest.approx(highest - before, rel=1e-5)


@pytest.mark.parametrize("factor", [1.0, 1e-6])
def test_a_linear_loss_in_a_subspace_reaches_the_corner(factor):
    x, slope, p = RNG.normal(size=N), RNG.normal(size=N) * factor, 5
    a = np.random.default_rng(7).standard_normal((p, N), dtype=np.float32)
    widths = 1e-3 * (np.abs(np.linalg.pinv(a.T.astype(float)) @ x) + 1)
    space = RandomSubspace(N, dimensions=p, seed=7)
    ascent = search(linear(slope, x, height=0.0), x, 1e-3, space)
    expected = np.abs(a @ slope) @ widths
    assert rise(ascent) == pytest.approx(expected, rel=1e-5)


def test_the_rise_grows_with_curvature():
    x = np.ones(3)
    flat, sharp = (
        rise(search(bowl(np.full(3, curvature), x + 1e-4), x, 1e-2))
        for curvature in (1.0, 100.0)
    )
    assert 0 < flat < sharp


def test_an_exact_stationary_point_needs_a_random_start():
    """Known limit of the metric: with a zero gradient the ascent never starts."""
    loss_and_gradient = bowl(np.full(3, 1e6), np.ones(3))
    from_zero = search(loss_and_gradient, np.ones(3), 1e-2, start="zero")
    from_random = search(loss_and_gradient, np.ones(3), 1e-2, start="random")
    assert rise(from_zero) == from_zero.on_bound == 0.0
    assert rise(from_random) > 0.0


def test_the_objective_is_scaled_as_documented():
    x, slope = np.zeros(2), np.array([2e-6, -4e-6])
    ascent = search(linear(slope, x, height=0.0), x, 1e-3)
    assert ascent.factor == pytest.approx(100 * 1e-3 / 4e-6)


@pytest.mark.parametrize("limit", [1, 5])
def test_evaluations_never_exceed_their_limit(limit):
    calls = []
    inner = bowl(10.0 ** RNG.uniform(-4, 4, N), RNG.normal(size=N) * 1e-3)

    def counted(y):
        calls.append(y)
        return inner(y)

    ascent = search(counted, np.zeros(N), 1e-3, start="random", max_evaluations=limit)
    assert ascent.evaluations == limit
    assert len(calls) == limit + 1
    assert ascent.message == f"STOP: {limit} EVALUATIONS OF F AND G"


def test_the_clock_starts_when_the_solver_is_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "scipy.optimize", raising=False)
    imported = []

    def clock():
        imported.append("scipy.optimize" in sys.modules)
        return float(len(imported))

    monkeypatch.setattr(maximisers, "time", SimpleNamespace(perf_counter=clock))
    ascent = search(bowl(np.ones(3), np.ones(3)), np.zeros(3), 1e-3)
    assert imported == [True, True]
    assert ascent.seconds == 1.0


def test_iterations_end_at_their_limit():
    inner = bowl(10.0 ** RNG.uniform(-4, 4, N), RNG.normal(size=N) * 1e-3)
    ascent = search(inner, np.zeros(N), 1e-3, max_iterations=2)
    assert ascent.iterations == 2
    assert "ITERATIONS" in ascent.message


def test_a_loss_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="must be finite. Received: nan"):
        Minimum(np.zeros(2), np.nan, np.zeros(2))


def test_an_unknown_start_is_refused():
    with pytest.raises(ValueError, match="Received: 'corner'"):
        starting_z("corner", np.ones(2), 0)
