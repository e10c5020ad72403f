"""Metric 2.1 against cases whose answer is known in closed form."""

import numpy as np
import pytest

from sharpminima.measures import sharpness
from sharpminima.measures.sharpness import FullSpace, Minimum, RandomSubspace

RNG = np.random.default_rng(0)
N = 400


def measure(loss_and_gradient, x, epsilon, space=None, start="zero", **options):
    space = space or FullSpace()
    half_widths = sharpness.box_half_widths(space.coordinates(x), epsilon)
    return sharpness.maximise(
        loss_and_gradient,
        Minimum.at(loss_and_gradient, x),
        space=space,
        half_widths=half_widths,
        epsilon=epsilon,
        start=sharpness.starting_z(start, half_widths, seed=0),
        **{"max_iterations": 10, "max_evaluations": 40, **options},
    )


def linear(slope, x, height):
    return lambda y: (height + slope @ (y - x), slope)


def bowl(curvatures, centre, height=0.0):
    """Return f(y) = height + sum of curvatures / 2 (y - centre)^2."""

    def loss_and_gradient(y):
        step = y - centre
        return height + 0.5 * step @ (curvatures * step), curvatures * step

    return loss_and_gradient


def test_the_box_is_open_where_a_parameter_is_zero():
    widths = sharpness.box_half_widths(np.array([0.0, -3.0]), 0.1)
    np.testing.assert_allclose(widths, [0.1, 0.4])


@pytest.mark.parametrize("epsilon", [0.0, -1e-3])
def test_an_empty_box_is_refused(epsilon):
    with pytest.raises(ValueError, match="`epsilon` must be positive"):
        sharpness.box_half_widths(np.zeros(2), epsilon)


@pytest.mark.parametrize("factor", [1.0, 1e-6])
@pytest.mark.parametrize("start", ["zero", "random"])
def test_a_linear_loss_reaches_the_corner_of_the_box(factor, start):
    x, slope = RNG.normal(size=N), RNG.normal(size=N) * factor
    ascent = measure(linear(slope, x, height=0.5), x, 1e-3, start=start)
    rise = np.abs(slope) @ (1e-3 * (np.abs(x) + 1))
    assert ascent.sharpness == pytest.approx(100 * rise / 1.5, rel=1e-9)
    assert ascent.on_bound == 1.0


@pytest.mark.parametrize("factor", [1.0, 1e-6])
def test_a_quadratic_loss_reaches_its_maximum_in_the_box(factor):
    """The minimiser is off by a hundredth of the box, so the far corner is known."""
    x, epsilon = RNG.normal(size=N), 1e-3
    curvatures = factor * 10.0 ** RNG.uniform(-1, 2, N)
    widths = epsilon * (np.abs(x) + 1)
    offset = 0.01 * widths * RNG.choice([-1, 1], N)
    loss_and_gradient = bowl(curvatures, x + offset)
    before = 0.5 * curvatures @ offset**2
    highest = 0.5 * curvatures @ (widths + np.abs(offset)) ** 2
    ascent = measure(loss_and_gradient, x, epsilon)
    expected = 100 * (highest - before) / (1 + before)
    assert ascent.sharpness == pytest.approx(expected, rel=1e-6)
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
    ascent = measure(loss_and_gradient, x, epsilon, space)
    expected = 100 * (highest - before) / (1 + before)
    assert ascent.sharpness == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("factor", [1.0, 1e-6])
def test_a_linear_loss_in_a_subspace_reaches_the_corner(factor):
    x, slope, p = RNG.normal(size=N), RNG.normal(size=N) * factor, 5
    a = np.random.default_rng(7).standard_normal((p, N), dtype=np.float32)
    widths = 1e-3 * (np.abs(np.linalg.pinv(a.T.astype(float)) @ x) + 1)
    space = RandomSubspace(N, dimensions=p, seed=7)
    ascent = measure(linear(slope, x, height=0.5), x, 1e-3, space)
    rise = np.abs(a @ slope) @ widths
    assert ascent.sharpness == pytest.approx(100 * rise / 1.5, rel=1e-5)


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
    x = RNG.normal(size=N)
    np.testing.assert_allclose(space.coordinates(x), np.linalg.pinv(a) @ x, rtol=1e-9)
    np.testing.assert_allclose(space.pull_back(x), a.T @ x, rtol=1e-4)


def test_sharpness_grows_with_curvature():
    x = np.ones(3)
    flat, sharp = (
        measure(bowl(np.full(3, curvature), x + 1e-4), x, 1e-2).sharpness
        for curvature in (1.0, 100.0)
    )
    assert 0 < flat < sharp


def test_an_exact_stationary_point_needs_a_random_start():
    """Known limit of the metric: with a zero gradient the ascent never starts."""
    loss_and_gradient = bowl(np.full(3, 1e6), np.ones(3))
    from_zero = measure(loss_and_gradient, np.ones(3), 1e-2, start="zero")
    from_random = measure(loss_and_gradient, np.ones(3), 1e-2, start="random")
    assert from_zero.sharpness == 0.0
    assert from_random.sharpness > 0.0


def test_the_objective_is_scaled_as_documented():
    x, slope = np.zeros(2), np.array([2e-6, -4e-6])
    ascent = measure(linear(slope, x, height=0.0), x, 1e-3)
    assert ascent.factor == pytest.approx(100 * 1e-3 / 4e-6)


@pytest.mark.parametrize("limit", [1, 5])
def test_evaluations_never_exceed_their_limit(limit):
    calls = []
    inner = bowl(10.0 ** RNG.uniform(-4, 4, N), RNG.normal(size=N) * 1e-3)

    def counted(y):
        calls.append(y)
        return inner(y)

    ascent = measure(counted, np.zeros(N), 1e-3, start="random", max_evaluations=limit)
    assert ascent.evaluations == limit
    assert len(calls) == limit + 1
    assert ascent.message == f"STOP: {limit} EVALUATIONS OF F AND G"


def test_iterations_end_at_their_limit():
    inner = bowl(10.0 ** RNG.uniform(-4, 4, N), RNG.normal(size=N) * 1e-3)
    ascent = measure(inner, np.zeros(N), 1e-3, max_iterations=2)
    assert ascent.iterations == 2
    assert "ITERATIONS" in ascent.message


def test_a_loss_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="must be finite. Received: nan"):
        Minimum.at(lambda y: (np.nan, y), np.zeros(2))


def test_an_unknown_start_is_refused():
    with pytest.raises(ValueError, match="Received: 'corner'"):
        sharpness.starting_z("corner", np.ones(2), 0)


SETTINGS = {
    "epsilons": [1e-2, 1e-3],
    "max_iterations": 10,
    "max_evaluations": 40,
    "full": {"starts": ["zero", "random"]},
    "subspace": {"dimensions": 3, "draws": 2, "starts": ["zero"]},
}


def measure_all(f, x, seed=0):
    return sharpness.measure(f, Minimum.at(f, x), SETTINGS, seed)


def identities(rows):
    keys = ("space", "epsilon", "start", "subspace_seed")
    return [tuple(row.get(key) for key in keys) for row in rows]


def test_there_is_a_row_for_each_space_epsilon_start_and_draw():
    x = RNG.normal(size=50)
    rows = list(measure_all(bowl(np.ones(50), x + 1e-3), x))
    assert len(set(identities(rows))) == len(rows) == 2 * 2 + 2 * 2
    assert all(row["sharpness"] > 0 for row in rows)


def test_both_regimes_of_a_seed_are_measured_in_the_same_subspaces():
    first, second, other = (
        identities(measure_all(bowl(np.ones(50), np.ones(50)), x, seed))
        for x, seed in ((np.zeros(50), 0), (np.full(50, 2.0), 0), (np.zeros(50), 1))
    )
    assert first == second != other


def test_a_diverged_run_has_the_same_rows_without_values():
    x = RNG.normal(size=50)
    measured = measure_all(bowl(np.ones(50), x + 1e-3), x)
    missing = list(sharpness.not_measured(SETTINGS, 0, "diverged"))
    assert identities(missing) == identities(measured)
    assert np.isnan([row["sharpness"] for row in missing]).all()
