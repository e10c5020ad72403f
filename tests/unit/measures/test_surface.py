"""Planes go where they should, and the grid has the values of the function."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from sharpminima.jobs.unfinished import now
from sharpminima.measures import surface

SETTINGS = {"points": 5, "margin": 0.5, "planes": 2, "reach": 2.0}
SHAPES = [(3, 4), (4,), (2, 2, 4, 2), (2,), ()]
SIZE = 12 + 4 + 32 + 2 + 1


@dataclass(frozen=True)
class Point:
    parameters: np.ndarray
    averages: list = field(default_factory=list)


def points(seed=0, size=SIZE):
    """Return three points with averages."""
    rng = np.random.default_rng(seed)
    return [Point(rng.normal(size=size), [rng.normal(size=3)]) for _ in range(3)]


def mixture(mixed):
    """Stand for `MeasuredLoss.mixture`: the losses are two sums over the vectors."""

    def measures(weights, shares):
        x = sum(w * point.parameters for w, point in zip(weights, mixed))
        m = sum(w * point.averages[0] for w, point in zip(shares, mixed))
        return {"train_loss": float(x @ x), "test_loss": float(m.sum())}

    return measures


def test_the_plane_has_true_distances_and_goes_through_all_three():
    initial, first, second = points()
    plane = surface.through(initial, first, second, SETTINGS)
    axes = np.array([axis.parameters for axis in plane.axes])
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-12)
    ways = [point.parameters - initial.parameters for point in (first, second)]
    norms = [np.linalg.norm(way) for way in ways]
    angle = np.degrees(np.arccos(ways[0] @ ways[1] / np.prod(norms)))
    at = [plane.place_of(point.parameters) for point in (initial, first, second)]
    assert [each["distance"] for each in at] == pytest.approx([0.0, *norms])
    assert [each["outside"] for each in at] == pytest.approx([0.0] * 3, abs=1e-9)
    assert (at[1]["x"], at[1]["y"]) == pytest.approx((norms[0], 0.0))
    assert at[2]["angle"] == pytest.approx(angle)
    assert at[2]["y"] > 0


def test_averages_are_those_of_the_points_at_the_points():
    initial, first, second = points()
    plane = surface.through(initial, first, second, SETTINGS)
    measures = mixture((plane.origin, *plane.axes))
    for point in (initial, first, second):
        at = plane.place_of(point.parameters)
        weights = (1.0, at["x"], at["y"])
        found = measures(weights, weights)
        expected = mixture([point])([1.0], [1.0])
        assert found == pytest.approx(expected, rel=1e-9)


def test_the_grid_has_a_margin_in_longer_sides():
    initial = Point(np.zeros(3))
    first, second = Point(np.array([4.0, 0, 0])), Point(np.array([-1.0, 0, 2.0]))
    plane = surface.through(initial, first, second, SETTINGS)
    np.testing.assert_allclose(plane.x, np.linspace(-1 - 2.5, 4 + 2.5, 5))
    np.testing.assert_allclose(plane.y, np.linspace(0 - 2.5, 2 + 2.5, 5))


@pytest.mark.parametrize("factor", [-3.0, 0.0, 1.0])
def test_three_points_on_a_line_make_no_plane(factor):
    initial, first, _ = points()
    way = first.parameters - initial.parameters
    second = Point(initial.parameters + factor * way, initial.averages)
    assert surface.through(initial, first, second, SETTINGS) is None
    assert surface.through(initial, second, first, SETTINGS) is None


def test_what_lies_outside_of_the_plane_is_the_rest_of_the_way():
    initial, first, second = points()
    plane = surface.through(initial, first, second, SETTINGS)
    other = np.random.default_rng(1).normal(size=SIZE)
    at = plane.place_of(initial.parameters + other)
    assert at["distance"] == pytest.approx(np.linalg.norm(other))
    inside = np.hypot(at["x"], at["y"])
    assert at["outside"] == pytest.approx(np.sqrt(other @ other - inside**2))


def test_a_direction_has_the_norms_of_the_filters_and_leaves_the_rest():
    x, rng = points()[0].parameters, np.random.default_rng(7)
    found = surface.direction(x, SHAPES, rng)
    for part, own in ((found[:12], x[:12]), (found[16:48], x[16:48])):
        columns = 4 if len(part) == 12 else 2
        norms = (np.linalg.norm(v.reshape(-1, columns), axis=0) for v in (part, own))
        np.testing.assert_allclose(*norms)
    assert (found[12:16] == 0).all()
    assert (found[48:] == 0).all()
    # Within a filter a direction is Gaussian: it has no share in the point itself.
    wide = np.ones(10_000)
    drawn = surface.direction(wide, [(10_000, 1)], rng)
    assert abs(drawn.mean()) < 0.05
    assert abs(np.mean(drawn**4) / np.mean(drawn**2) ** 2 - 3) < 0.3


def test_random_planes_differ_by_draw_and_agree_between_regimes():
    first, second, _ = points()
    doubled = Point(2 * first.parameters, first.averages)
    planes = {
        name: list(surface.random_planes(point, SHAPES, SETTINGS, seed, name))
        for name, point, seed in (
            *(("SB", first, 0), ("double", doubled, 0)),
            *(("LB", second, 0), ("other", first, 1)),
        )
    }
    ways = {
        name: np.array([axis.parameters for plane in each for axis in plane.axes])
        for name, each in planes.items()
    }
    # No two directions are alike, of all draws and both axes.
    cosines = ways["SB"] @ ways["SB"].T
    cosines /= np.sqrt(np.outer(np.diag(cosines), np.diag(cosines)))
    assert np.abs(cosines - np.eye(4)).max() < 0.7
    np.testing.assert_allclose(ways["double"], 2 * ways["SB"])
    signs = np.sign(ways["SB"]) == np.sign(ways["LB"])
    assert signs.all()
    assert not np.allclose(ways["SB"], ways["LB"])
    assert not np.allclose(ways["SB"], ways["other"])
    plane = planes["SB"][1]
    assert plane.columns == {"plane": "random", "around": "SB", "draw": 1}
    assert plane.x.tolist() == plane.y.tolist() == [-2.0, -1.0, 0.0, 1.0, 2.0]
    assert [axis.averages[0].tolist() for axis in plane.axes] == [[0.0] * 3] * 2


def test_each_point_of_a_grid_has_its_value():
    plane = surface.through(*points(), SETTINGS)
    rows = list(surface.measure(mixture, [plane]))
    assert len(rows) == 25
    assert {row["x"] for row in rows} == set(plane.x)
    measures = mixture((plane.origin, *plane.axes))
    for row in rows:
        weights = (1.0, row["x"], row["y"])
        assert {n: row[n] for n in ("train_loss", "test_loss")} == pytest.approx(
            measures(weights, weights)
        )


def test_a_line_of_the_grid_is_a_step():
    steps = []

    def step(compute):
        steps.append(now(compute))
        return steps[-1]

    planes = surface.random_planes(points()[0], SHAPES, SETTINGS, 0, "SB")
    rows = list(surface.measure(mixture, planes, step))
    assert len(steps) == 2 * 5
    assert [each["train_loss"].shape for each in steps] == [(5,)] * 10
    values = np.concatenate([each["train_loss"] for each in steps])
    assert values.tolist() == [row["train_loss"] for row in rows]


class Loss:
    """Stands for a `MeasuredLoss`."""

    def measures(self, point):
        return {"train_loss": float(point.parameters.sum())}


def test_places_are_measured_and_iterates_that_are_finite_are_projected():
    initial, first, second = points()
    plane = surface.through(initial, first, second, SETTINGS)
    lost = Point(np.full(SIZE, np.nan))
    paths = [("SB", 0, initial), ("SB", 3, second), ("SB", 9, lost), ("LB", 1, first)]
    rows = list(surface.places(Loss(), plane, {"x0": initial, "LB": second}, paths))
    assert [row["place"] for row in rows] == ["x0", "LB"] + ["iterate"] * 3
    assert [(row["regime"], row["epoch"]) for row in rows[2:]] == [
        *(("SB", 0), ("SB", 3), ("LB", 1))
    ]
    assert rows[1]["train_loss"] == pytest.approx(second.parameters.sum())
    assert (rows[3]["x"], rows[3]["y"]) == (rows[1]["x"], rows[1]["y"])
