"""Contour lines of values on a grid: marching squares, as segments that need no order.

Lorensen and Cline 1987 in two dimensions. Vega-Lite has no contours of its own.
"""

import numpy as np
import pandas as pd

# 1, 2 and 5 times a power of ten.
STEPS = (1.0, 2.0, 5.0)


def levels(low: float, high: float) -> list[float]:
    """Return all levels 1, 2, 5 times a power of ten from `low` to `high`."""
    exponents = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    found = [float(f"{step:g}e{exponent}") for exponent in exponents for step in STEPS]
    return [level for level in found if low <= level <= high]


def lines(x: np.ndarray, y: np.ndarray, z: np.ndarray, level: float) -> pd.DataFrame:
    """Return the line at which z has the value `level`.

    Args:
        x: Positions of the grid's columns, shape `(columns,)`.
        y: Positions of its rows, shape `(rows,)`.
        z: Values, shape `(rows, columns)`. Cells with one that is not finite have no
            line.
        level: The value.

    Returns:
        One row for each segment, from `x, y` to `x2, y2`. A cell that the line crosses
        has one, or two if it is a saddle. On the sides of a cell, z is linear.
    """
    corners = [np.s_[:-1, :-1], np.s_[:-1, 1:], np.s_[1:, 1:], np.s_[1:, :-1]]
    # Around each cell: the position and the value of its corners, shape (4, cells).
    at = np.meshgrid(x, y)
    xs, ys, zs = (
        np.array([grid[corner].ravel() for corner in corners]) for grid in (*at, z)
    )
    whole = np.isfinite(zs).all(axis=0)
    xs, ys, zs = xs[:, whole], ys[:, whole], zs[:, whole]
    above, following = zs >= level, [1, 2, 3, 0]
    crossed = above != above[following]
    # Where the line crosses the side from each corner to the one that follows.
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (level - zs) / (zs[following] - zs)
        crossings = [v + share * (v[following] - v) for v in (xs, ys)]
    # The first two sides that are crossed; all four are in a saddle.
    sides = np.argsort(~crossed, axis=0, kind="stable")
    # Its line goes around corners 1 and 3, unless these lie with the middle.
    saddle = crossed.all(axis=0)
    apart = saddle & ((zs.mean(axis=0) >= level) == above[1])
    sides[:, saddle] = np.array([[0, 1, 2, 3]]).T
    sides[:, apart] = np.array([[3, 0, 1, 2]]).T
    cells = np.arange(zs.shape[1])
    ends = [
        [
            crossing[side[has], cells[has]]
            for side in sides[pair]
            for crossing in crossings
        ]
        for pair, has in ((np.s_[:2], crossed.any(axis=0)), (np.s_[2:], saddle))
    ]
    segments = np.concatenate(ends, axis=1)
    return pd.DataFrame(dict(zip(("x", "y", "x2", "y2"), segments)))
