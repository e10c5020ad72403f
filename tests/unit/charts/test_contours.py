"""Contour lines lie where the values say, and end nowhere inside."""

import numpy as np
import pytest

from sharpminima.charts import contours

X, Y = np.linspace(-1.0, 1.0, 31), np.linspace(-2.0, 2.0, 41)
GRID_X, GRID_Y = np.meshgrid(X, Y)


def ends(segments):
    """Return both ends of each segment, shape `(segments, 2, 2)`."""
    return segments[["x", "y", "x2", "y2"]].to_numpy().reshape(-1, 2, 2)


def test_levels_are_one_two_and_five():
    assert contours.levels(0.015, 20) == [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]
    assert contours.levels(1.0, 1.0) == [1.0]
    assert contours.levels(3.0, 4.0) == []


def test_a_plane_has_straight_lines():
    found = ends(contours.lines(X, Y, 2 * GRID_X + GRID_Y, 0.313))
    np.testing.assert_allclose(2 * found[..., 0] + found[..., 1], 0.313, atol=1e-12)
    length = np.linalg.norm(found[:, 0] - found[:, 1], axis=-1).sum()
    # From y = 2 to y = -2 the line goes from x = -0.8435 to beyond x = 1.
    assert length == pytest.approx((2 - (0.313 - 2)) * np.sqrt(1.25), rel=1e-9)


def test_a_circle_is_closed():
    found = ends(contours.lines(X, Y, GRID_X**2 + GRID_Y**2, 0.6437))
    radii = np.linalg.norm(found, axis=-1)
    assert radii == pytest.approx(np.full(radii.shape, np.sqrt(0.6437)), abs=0.005)
    length = np.linalg.norm(found[:, 0] - found[:, 1], axis=-1).sum()
    assert length == pytest.approx(2 * np.pi * np.sqrt(0.6437), rel=0.005)
    # Each end is the end of one other segment.
    _, counts = np.unique(found.reshape(-1, 2).round(9), axis=0, return_counts=True)
    assert set(counts) == {2}


@pytest.mark.parametrize(
    ("values", "around"),
    [
        *(([[1, 0], [0, 1]], {0, 2}), ([[1, 0.9], [0.9, 1]], set())),
        *(([[0, 1], [1, 0]], {1, 3}), ([[0.6, 0], [0, 0.6]], {0, 2})),
        *(([[5, 0], [0, 5]], {1, 3}), ([[0, 5], [5, 0]], {0, 2})),
    ],
)
def test_a_saddle_has_two_segments_that_do_not_meet(values, around):
    """Seen from the middle: what is not on its side is cut off."""
    segments = contours.lines(*[np.array([0.0, 1.0])] * 2, np.array(values), 0.55)
    corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    middles = ends(segments).mean(axis=1)
    nearest = [
        min(range(4), key=lambda i: np.linalg.norm(middle - corners[i]))
        for middle in middles
    ]
    assert set(nearest) == around
    assert len(segments) == len(around)


def test_nothing_is_drawn_without_a_crossing_or_a_finite_cell():
    assert contours.lines(X, Y, GRID_X, 3.0).empty
    z = GRID_X + np.where(GRID_Y > 0, np.nan, 0.0)
    found = ends(contours.lines(X, Y, z, 0.01))
    assert found[..., 1].max() <= 0.0
    assert len(found) > 10
