"""Surfaces: loss and accuracy on planes in the space of the parameters.

- One plane goes through x_0 and both minima (after Garipov et al. 2018,
  arXiv:1802.10026, appendix A). Its axes are orthonormal, so that distances and angles
  are true.
- Random planes go through one minimum each (Li et al. 2018, arXiv:1712.09913,
  section 4). Their directions are Gaussian, with each filter scaled to the norm of the
  minimum's own filter. Biases, and gamma and beta of batch normalisation, stay.

Knows nothing of Keras.
"""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from sharpminima import streams
from sharpminima.jobs import unfinished
from sharpminima.measures.planned import Planned

# What makes a plane. The names are in the column `plane`.
MINIMA, RANDOM = "minima", "random"
# Of the longer distance: below it, three points lie on one line.
LEAST = 1e-6


@dataclass(frozen=True)
class Plane:
    """A plane `origin + x axes[0] + y axes[1]`, and the grid on it.

    Attributes:
        columns: What identifies the plane in a row.
        origin: A `Point`.
        axes: Two directions, as `Point`s: with the averages, which are linear in x and
            y as well.
        x: Positions of the grid's columns, in units of the first axis.
        y: Positions of the grid's lines.
    """

    columns: Mapping
    origin: object
    axes: tuple
    x: np.ndarray
    y: np.ndarray

    def place_of(self, parameters: np.ndarray) -> dict[str, float]:
        """Return where parameters lie, seen from an origin with orthonormal axes.

        Returns:
            `x` and `y` of the orthogonal projection, the Euclidean `distance` to the
            origin, how much of it lies `outside` of the plane, and the `angle` of the
            projection with the first axis (degrees).
        """
        way = parameters - self.origin.parameters
        x, y = (float(way @ axis.parameters) for axis in self.axes)
        in_plane = x * self.axes[0].parameters + y * self.axes[1].parameters
        return {
            **{"x": x, "y": y, "distance": float(np.linalg.norm(way))},
            "outside": float(np.linalg.norm(way - in_plane)),
            "angle": math.degrees(math.atan2(y, x)),
        }


def through(initial, first, second, settings: Mapping) -> Plane | None:
    """Return the plane through three points, or None if they lie on one line.

    Its origin is `initial`. `first` lies on the first axis, and `second` above it.

    Args:
        initial: The `Point` x_0.
        first: The minimum of the first regime.
        second: The minimum of the second regime.
        settings: `points` on each side of the grid, and its `margin` around the three
            points, as a share of the longer side of their bounding box.
    """
    ways = [_minus(point, initial) for point in (first, second)]
    lengths = [float(np.linalg.norm(way.parameters)) for way in ways]
    if not min(lengths) > LEAST * max(lengths):
        return None
    along = _times(1.0 / lengths[0], ways[0])
    # Gram-Schmidt: what of the second way is not along the first one.
    x = float(along.parameters @ ways[1].parameters)
    rest = _minus(ways[1], _times(x, along))
    y = float(np.linalg.norm(rest.parameters))
    if not y > LEAST * lengths[1]:
        return None
    corners = np.array([(0.0, 0.0), (lengths[0], 0.0), (x, y)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = settings["margin"] * (high - low).max()
    sides = np.linspace(low - margin, high + margin, settings["points"]).T
    axes = along, _times(1.0 / y, rest)
    return Plane({"plane": MINIMA, "around": "x0", "draw": 0}, initial, axes, *sides)


def random_planes(
    point, shapes: Sequence[tuple], settings: Mapping, seed: int, around: str
) -> Iterator[Plane]:
    """Yield the filter-normalised random planes through a point.

    Args:
        point: The `Point`.
        shapes: The shape of each parameter, in the order of the vector.
        settings: How many `planes`, `points` on each side of the grid, and its `reach`:
            at 1 a direction is as long as the point's own filters.
        seed: The run's seed. It names the streams of draws, so that both regimes of one
            seed see the same directions, up to the norms of the filters.
        around: The regime of the point.
    """
    side = np.linspace(-settings["reach"], settings["reach"], settings["points"])
    still = [np.zeros_like(average) for average in point.averages]
    for draw in range(settings["planes"]):
        rng = streams.generator("filter-normalised plane", seed, draw)
        axes = (direction(point.parameters, shapes, rng) for _ in range(2))
        axes = tuple(replace(point, parameters=axis, averages=still) for axis in axes)
        columns = {"plane": RANDOM, "around": around, "draw": draw}
        yield Plane(columns, point, axes, side, side)


def direction(x: np.ndarray, shapes: Sequence[tuple], rng) -> np.ndarray:
    """Return a Gaussian direction with the norms of the filters of x, shape `(n,)`.

    A filter is a column of a kernel: all entries with the same last index. Parameters
    with one index or none are biases and the like. They do not move.

    Args:
        x: The parameters, shape `(n,)`.
        shapes: The shape of each parameter, in the order of x.
        rng: Random generator.
    """
    ends = np.cumsum([math.prod(shape) for shape in shapes], dtype=int)[:-1]
    parts = []
    for shape, part in zip(shapes, np.split(x, ends), strict=True):
        if len(shape) < 2:
            parts.append(np.zeros_like(part))
            continue
        filters = part.reshape(-1, shape[-1])
        drawn = rng.standard_normal(filters.shape)
        # Section 4: d_ij <- d_ij / |d_ij| * |w_ij|.
        norms = (np.linalg.norm(each, axis=0) for each in (filters, drawn))
        parts.append((drawn * np.divide(*norms)).ravel())
    return np.concatenate(parts)


def measure(
    mixture: Callable, planes: Iterable[Plane], step: Callable = unfinished.now
) -> Iterator[dict]:
    """Yield the rows of all planes: one for each point of a grid.

    Args:
        mixture: Maps points to a function of their weights; `MeasuredLoss.mixture`.
        planes: The planes. One at a time is in memory, if they are generated.
        step: Measures a line of a grid, or knows its values (see `unfinished.Steps`).

    Yields:
        The plane's `columns`; `x` and `y`; and the measures of `mixture`.
    """
    for plane in planes:
        logging.info(
            "%d lines of %d points: %s", len(plane.y), len(plane.x), plane.columns
        )
        measures = mixture((plane.origin, *plane.axes))
        for y in plane.y:
            found = step(partial(_line, measures, plane.x, y))
            for i, x in enumerate(plane.x):
                at = {"x": float(x), "y": float(y)}
                values = {name: float(column[i]) for name, column in found.items()}
                yield {**plane.columns, **at, **values}


def not_measured() -> dict:
    """Return the row of a pair of which a run has no finite loss: no values."""
    measured = ("plane", "x", "y", "train_loss", "test_loss")
    return dict.fromkeys(measured, np.nan)


def _line(measures, xs, y):
    """Return the measures of a line of the grid, an array for each."""
    rows = [measures(weights, weights) for weights in ((1.0, x, y) for x in xs)]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def places(
    loss,
    plane: Plane,
    points: Mapping,
    paths: Iterable,
    step: Callable = unfinished.now,
) -> Iterator[dict]:
    """Yield where points and iterates lie, seen from the origin of a plane.

    Args:
        loss: A `MeasuredLoss`.
        plane: The plane through x_0 and both minima.
        points: Points on it, by name. They are measured.
        paths: Regime, epoch and `Point` of kept iterates. Those of a run that diverged
            may not be finite. They are left out.
        step: Measures a point, or knows its measures.

    Yields:
        `place`, its name or `iterate`; `regime` and `epoch` of an iterate; what
        `Plane.place_of` returns; the measures of a point.
    """
    for name, point in points.items():
        measures = step(partial(loss.measures, point))
        at = plane.place_of(point.parameters)
        yield {"place": name, "regime": None, "epoch": None, **at, **measures}
    for regime, epoch, point in paths:
        if np.isfinite(point.parameters).all():
            at = plane.place_of(point.parameters)
            yield {"place": "iterate", "regime": regime, "epoch": epoch, **at}


def _minus(point, other):
    averages = [a - b for a, b in zip(point.averages, other.averages, strict=True)]
    return replace(
        point, parameters=point.parameters - other.parameters, averages=averages
    )


def _times(factor, point):
    averages = [factor * average for average in point.averages]
    return replace(point, parameters=factor * point.parameters, averages=averages)


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what the surfaces of one pair evaluate."""
    section = config["surface"]
    # The plane through both minima, and random ones at each.
    planes, places = 1 + 2 * section["planes"], 3
    points = planes * section["points"] ** 2 + places
    return Planned(train_losses=points, test_losses=points)
