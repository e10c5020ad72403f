"""Parametric plots: loss and accuracy on a path from one minimum to another.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 2.2.1 and Figure 3 (straight
line, after Goodfellow et al. 2015, arXiv:1412.6544), appendix D and Figure 7 (curve).
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import numpy as np

from sharpminima.jobs import unfinished
from sharpminima.measures.planned import Planned

Pair = tuple[float, float]
Measures = Callable[[Pair, Pair], dict[str, float]]


def linear(alpha: float) -> tuple[float, float]:
    """Return the weights of x_s and x_l in `alpha x_l + (1 - alpha) x_s` (Figure 3)."""
    return 1.0 - alpha, alpha


def curvilinear(alpha: float) -> tuple[float, float]:
    """Return the weights of x_s and x_l on the curve (Figure 7).

    The curve is `sin(alpha pi/2) x_l + cos(alpha pi/2) x_s`.
    """
    angle = alpha * np.pi / 2.0
    return np.cos(angle), np.sin(angle)


# Figure 3 and Figure 7. The names are in the column `path`.
PATHS = {"linear": linear, "curvilinear": curvilinear}


def alphas(start: float, stop: float, count: int) -> list[float]:
    """Return `count` equally spaced positions from `start` to `stop` inclusive."""
    return np.linspace(start, stop, count).tolist()


def plots(
    measures: Measures, alphas: Iterable[float], step: Callable = unfinished.now
) -> Iterator[dict]:
    """Yield the rows of both parametric plots: one for each position on each path.

    Args:
        measures: Maps the weights of x_s (at alpha 0) and x_l (at alpha 1), and those
            of their averages, to named measures.
        alphas: Positions, dimensionless; values outside [0, 1] extrapolate.
        step: Measures a position, or knows its measures (see `unfinished.Steps`).
    """
    # Each path passes through x_s at alpha 0 and through x_l at alpha 1.
    for path, alpha in itertools.product(PATHS, alphas):
        # Averages stay on the straight line, for they have no scale to keep.
        found = step(partial(measures, PATHS[path](alpha), linear(alpha)))
        yield {"path": path, "alpha": alpha, **found}


def distances(initial: np.ndarray, start: np.ndarray, end: np.ndarray) -> dict:
    """Return Euclidean distances between x_0 and the two minima, and their ratio.

    Section 2, as recalled: SB ends 3-10 times as far from x_0 as LB.

    Args:
        initial: The common starting point x_0, shape `(n,)`.
        start: Parameters x_s, shape `(n,)`.
        end: Parameters x_l, shape `(n,)`.
    """
    # |x_s - x_0| and |x_l - x_0|.
    start_to_initial = float(np.linalg.norm(start - initial))
    end_to_initial = float(np.linalg.norm(end - initial))
    return {
        "first_to_initial": start_to_initial,
        "second_to_initial": end_to_initial,
        "first_to_second": float(np.linalg.norm(start - end)),
        # Above 1 where LB stays closer to x_0, a hypothesis that the paper tests.
        "distance_ratio": start_to_initial / end_to_initial,
    }


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what the plots of one pair evaluate."""
    points = len(PATHS) * config["interpolation"]["alphas"]["count"]
    return Planned(train_losses=points, test_losses=points)
