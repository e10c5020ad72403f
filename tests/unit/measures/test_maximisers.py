"""Searches in a box against cases whose answer is known in closed form."""

import tracemalloc

import numpy as np
import pytest

from sharpminima.measures.maximisers import (
    Minimum,
    maximise,
    search_again,
    starting_place,
)
from sharpminima.measures.spaces import (
    Box,
    FullSpace,
    RandomSubspace,
    box_half_widths,
    metric,
)

RNG = np.random.default_rng(0)
N = 400
LIMITS = {"max_iterations": 10, "max_evaluations": 40}
MAXIMISERS = ["lbfgsb", "sign"]


def box_around(x, epsilon, space=None):
    space = space or FullSpace()
    return Box(space, epsilon, box_half_widths(space.coordinates(x), epsilon))


def search(f, x, epsilon, space=None, start="zero", maximiser="lbfgsb", **limits):
    minimum, box = Minimum(x, *f(x)), box_around(x, epsilon, space)
    place = starting_place(start, minimum, box, seed=0)
    return maximise(maximiser, f, minimum, box, place, **{**LIMITS, **limits})


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


@pytest.mark.parametrize("maximiser", MAXIMISERS)
@pytest.mark.parametrize("factor", [1.0, 1e-6])
@pytest.mark.parametrize("start", ["zero", "random", "corner"])
def test_a_linear_loss_reaches_the_corner_of_the_box(factor, start, maximiser):
    x, slope = np.random.default_rng(1).normal(size=(2, N))
    slope *= factor
    f = linear(slope, x, height=0.0)
    ascent = search(f, x, 1e-3, start=start, maximiser=maximiser)
    expected = np.abs(slope) @ (1e-3 * (np.abs(x) + 1))
    assert rise(ascent) == pytest.approx(expected, rel=1e-9)
    assert ascent.on_bound == 1.0


@pytest.mark.parametrize("maximiser", MAXIMISERS)
@pytest.mark.parametrize("factor", [1.0, 1e-6])
def test_a_quadratic_loss_reaches_its_maximum_in_the_box(factor, maximiser):
    """The minimiser is off by a hundredth of the box, so the far corner is known."""
    x, epsilon = RNG.normal(size=N), 1e-3
    curvatures = factor * 10.0 ** RNG.uniform(-1, 2, N)
    widths = epsilon * (np.abs(x) + 1)
    offset = 0.01 * widths * RNG.choice([-1, 1], N)
    before = 0.5 * curvatures @ offset**2
    highest = 0.5 * curvatures @ (widths + np.abs(offset)) ** 2
    ascent = search(bowl(curvatures, x + offset), x, epsilon, maximiser=maximiser)
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


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_the_unit_of_the_loss_alters_no_search(scale):
    """The objective is scaled: else L-BFGS-B stops at once where the slope is tiny."""
    x = RNG.normal(size=N)
    plain = bowl(10.0 ** RNG.uniform(-1, 2, N), x + 1e-4)
    scaled = search(lambda y: tuple(scale * each for each in plain(y)), x, 1e-3)
    expected = search(plain, x, 1e-3)
    assert rise(scaled) == pytest.approx(scale * rise(expected), rel=1e-9)
    assert scaled.evaluations == expected.evaluations


@pytest.mark.parametrize("maximiser", MAXIMISERS)
@pytest.mark.parametrize("limit", [1, 2])
def test_evaluations_never_exceed_their_limit(limit, maximiser):
    calls = []
    inner = waves(N)

    def counted(y):
        calls.append(y)
        return inner(y)

    ascent = search(
        *(counted, np.zeros(N), 1e-1),
        **{"start": "random", "maximiser": maximiser, "max_evaluations": limit},
    )
    assert ascent.evaluations == len(ascent.progress) == limit
    assert len(calls) == limit + 1
    assert ascent.message == f"STOP: {limit} EVALUATIONS OF F AND G"


@pytest.mark.parametrize("maximiser", MAXIMISERS)
def test_what_is_known_of_a_start_is_not_computed_again(maximiser):
    calls = []

    def counted(y):
        calls.append(y)
        return bowl(np.ones(3), np.ones(3))(y)

    ascent = search(counted, np.zeros(3), 1e-3, maximiser=maximiser)
    assert len(calls) == ascent.evaluations


def test_iterations_end_at_their_limit():
    inner = bowl(10.0 ** RNG.uniform(-4, 4, N), RNG.normal(size=N) * 1e-3)
    ascent = search(inner, np.zeros(N), 1e-3, max_iterations=2)
    assert ascent.iterations == 2
    assert "ITERATIONS" in ascent.message


def test_a_loss_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="must be finite. Received: nan"):
        Minimum(np.zeros(2), np.nan, np.zeros(2))


def test_an_unknown_start_is_refused():
    minimum = Minimum(np.ones(2), 0.0, np.ones(2))
    with pytest.raises(ValueError, match="Received: 'middle'"):
        starting_place("middle", minimum, box_around(minimum.x, 1e-3), 0)


def test_a_corner_is_a_corner_and_another_seed_draws_another():
    minimum = Minimum(np.ones(50), 0.0, np.ones(50))
    box = box_around(minimum.x, 1e-3)
    corners = [starting_place("corner", minimum, box, seed).z for seed in (0, 0, 1)]
    assert all((np.abs(z) == box.half_widths).all() for z in corners)
    assert (corners[0] == corners[1]).all()
    assert 5 < (corners[0] != corners[2]).sum() < 45


def waves(n):
    """Return a loss with many local maxima, largest at large coordinates."""
    frequencies = np.random.default_rng(3).uniform(20, 60, n)

    def loss_and_gradient(y):
        angles = frequencies * y
        loss = n + np.sum(np.sin(angles)) + y @ y
        return loss, frequencies * np.cos(angles) + 2 * y

    return loss_and_gradient


def polished(f, x, epsilon):
    """Return L-BFGS-B from the minimum, and sign ascent from where it ended."""
    minimum, box = Minimum(x, *f(x)), box_around(x, epsilon)
    place = starting_place("zero", minimum, box, seed=0)
    first = maximise("lbfgsb", f, minimum, box, place, **LIMITS)
    return first, maximise("sign", f, minimum, box, first.end, **LIMITS)


@pytest.mark.parametrize("f", [waves(N), bowl(10.0 ** RNG.uniform(-4, 4, N), 1e-3)])
def test_a_polish_never_lowers_the_loss(f):
    first, polish = polished(f, np.zeros(N), 1e-1)
    assert polish.loss_after >= first.loss_after
    assert polish.progress[0] == first.loss_after


def test_sign_ascent_of_a_convex_loss_never_falls():
    x = RNG.normal(size=N)
    matrix = RNG.normal(size=(20, N))
    f = lambda y: (0.5 * np.sum((matrix @ y) ** 2), matrix.T @ (matrix @ y))  # noqa: E731
    losses = []

    def recorded(y):
        losses.append(f(y)[0])
        return f(y)

    ascent = search(recorded, x, 1e-2, start="corner", maximiser="sign")
    assert losses[1:] == sorted(losses[1:])
    assert len(losses) > 3
    assert ascent.on_bound == 1.0


@pytest.mark.parametrize("maximiser", MAXIMISERS)
@pytest.mark.parametrize("start", ["zero", "random", "corner"])
@pytest.mark.parametrize("beyond", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_ends_the_search_and_does_not_count(
    maximiser, start, beyond
):
    def f(y):
        steep = np.abs(y).max() > 0.05
        return (beyond, np.full(3, beyond)) if steep else (y.sum() + 1, np.ones(3))

    ascent = search(f, np.zeros(3), 0.1, start=start, maximiser=maximiser)
    assert 1.0 <= ascent.loss_after < 1.2
    assert np.isfinite(ascent.progress).all()
    if start == "corner":
        assert ascent.message == "ABNORMAL: F OR G IS NOT FINITE"
        assert ascent.loss_after == 1.0


def test_a_slope_at_the_edge_of_float32_is_followed():
    slope = np.array([1e-41, -1e-40], np.float32)
    f = linear(slope, np.zeros(2), height=0.0)
    minimum = Minimum(np.zeros(2), 0.0, slope)
    box = box_around(minimum.x, 1e-3)
    place = starting_place("zero", minimum, box, seed=0)
    ascent = maximise("lbfgsb", f, minimum, box, place, **LIMITS)
    assert np.isfinite(ascent.loss_after)
    assert ascent.loss_after > 0


def test_progress_is_the_metric_of_the_best_so_far():
    f, x = waves(N), np.zeros(N)
    ascent = search(f, x, 1e-1, maximiser="sign")
    values = [float(text) for text in ascent.row()["progress"].split()]
    assert values == sorted(values)
    assert len(values) == ascent.evaluations
    final = metric(ascent.loss_before, ascent.loss_after)
    assert values[-1] == pytest.approx(final, rel=1e-5)
    assert "end" not in ascent.row()


def test_a_reference_holds_few_vectors():
    """Each turn ends at a place with two of them, and there are many turns."""
    n = 100_000
    f, x = waves(n), np.zeros(n)
    minimum, box = Minimum(x, *f(x)), box_around(x, 1e-1)
    peaks = []
    for corners in (1, 8):
        tracemalloc.start()
        search_again(f, minimum, box, range(corners), patience=9, **LIMITS)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 4 * x.nbytes


def test_a_reference_is_at_least_as_high_and_ends_at_a_plateau():
    f, x = waves(N), np.zeros(N)
    minimum, box = Minimum(x, *f(x)), box_around(x, 1e-1)
    found = search_again(f, minimum, box, range(50), patience=3, **LIMITS)
    _, polish = polished(f, x, 1e-1)
    assert found.loss_after >= polish.loss_after
    assert found.message == "CONVERGENCE: A PLATEAU"
    assert found.evaluations == len(found.progress)
    assert (np.diff(found.progress) >= 0).all()
    assert f(x + found.end.z)[0] == found.loss_after
    one = search_again(f, minimum, box, [0], patience=3, **LIMITS)
    assert one.message == "STOP: NO MORE CORNERS"
    assert one.evaluations < found.evaluations
