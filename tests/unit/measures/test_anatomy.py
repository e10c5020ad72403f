"""What a rise is made of, on losses whose parts are known in closed form."""

import numpy as np
import pytest

from sharpminima.measures.anatomy import anatomy, norms
from sharpminima.measures.maximisers import Minimum, maximise, starting_place
from sharpminima.measures.spaces import (
    Box,
    FullSpace,
    RandomSubspace,
    box_half_widths,
)

N, P, EPSILON = 20_000, 100, 1e-3
RNG = np.random.default_rng(0)
X, SLOPE = RNG.normal(size=N), RNG.normal(size=N)
U = RNG.choice([-1.0, 1.0], N) / np.sqrt(N)
SPACES = {
    "full": FullSpace(),
    "subspace": RandomSubspace(N, dimensions=P, seed=1),
}


def linear(y):
    return 0.5 + SLOPE @ (y - X), SLOPE


def rank_one(y):
    along = U @ (y - X) + 1e-9
    return 0.5 + 0.5 * along**2, along * U


def isotropic(y):
    step = y - X + 1e-9 * U
    return 0.5 + 0.5 * step @ step, step


def cubic(y):
    along = U @ (y - X)
    return 0.5 + along**3, 3.0 * along**2 * U


def searched(f, space, maximiser="lbfgsb", x=X):
    minimum = Minimum(x, *f(x))
    widths = box_half_widths(space.coordinates(x), EPSILON)
    box = Box(space, EPSILON, widths)
    place = starting_place("zero", minimum, box, 0)
    limits = {"max_iterations": 10, "max_evaluations": 40}
    ascent = maximise(maximiser, f, minimum, box, place, **limits)
    rise = ascent.loss_after - ascent.loss_before
    return rise, anatomy(f, minimum, box, ascent), box


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("f", [linear, rank_one, isotropic])
def test_odd_and_even_part_add_up_to_the_rise(f, space):
    rise, parts, _ = searched(f, space)
    assert rise > 0
    assert parts["odd"] + parts["even"] == pytest.approx(rise, rel=1e-6)


def test_a_linear_loss_is_all_slope():
    rise, parts, box = searched(linear, SPACES["full"], "sign")
    assert rise == pytest.approx(np.abs(SLOPE) @ box.half_widths, rel=1e-9)
    for part in ("linear", "linear_bound", "odd"):
        assert parts[part] == pytest.approx(rise, rel=1e-9)
    assert parts["even"] == pytest.approx(0.0, abs=1e-9 * rise)


def test_a_slope_in_a_subspace_is_told_by_the_norm_of_the_gradient():
    """epsilon p sqrt(2 / pi) |g|: each column of A sees a normal share of g."""
    rise, parts, _ = searched(linear, SPACES["subspace"])
    expected = EPSILON * P * np.sqrt(2 / np.pi) * np.linalg.norm(SLOPE)
    assert parts["linear"] == pytest.approx(rise, rel=1e-5)
    assert rise == pytest.approx(expected, rel=0.15)


def test_curvature_along_one_direction_is_even():
    """epsilon^2 |u|_1^2 / 2, with the half-widths in place of epsilon."""
    rise, parts, box = searched(rank_one, SPACES["full"])
    expected = 0.5 * (np.abs(U) @ box.half_widths) ** 2
    assert rise == pytest.approx(expected, rel=1e-4)
    assert parts["even"] == pytest.approx(rise, rel=1e-4)
    assert parts["linear"] == pytest.approx(0.0, abs=1e-4 * rise)


def test_curvature_in_all_directions_is_even():
    rise, parts, box = searched(isotropic, SPACES["full"])
    assert rise == pytest.approx(0.5 * box.half_widths @ box.half_widths, rel=1e-4)
    assert parts["even"] == pytest.approx(rise, rel=1e-4)


def test_a_cubic_loss_is_odd_without_a_slope():
    minimum = Minimum(X, *cubic(X))
    box = Box(FullSpace(), EPSILON, box_half_widths(X, EPSILON))
    corner = starting_place("corner", minimum, box, 0)
    limits = {"max_iterations": 10, "max_evaluations": 40}
    ascent = maximise("sign", cubic, minimum, box, corner, **limits)
    parts = anatomy(cubic, minimum, box, ascent)
    assert parts["odd"] == pytest.approx(ascent.loss_after - 0.5, rel=1e-9)
    assert parts["linear"] == 0.0


def test_norms_are_those_of_the_definition():
    found = norms(np.array([3.0, -4.0], np.float32))
    assert found == {"gradient_l1": 7.0, "gradient_l2": 5.0, "gradient_max": 4.0}
