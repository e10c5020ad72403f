"""Parametric plots: loss and accuracy on a path from one minimum to another.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 2.2.1 and Figure 3 (straight
line, after Goodfellow et al. 2015, arXiv:1412.6544), appendix D and Figure 7 (curve).
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

Evaluate = Callable[[np.ndarray, float], dict[str, float]]


def linear(start: np.ndarray, end: np.ndarray, alpha: float) -> np.ndarray:
    """Return `alpha x_l + (1 - alpha) x_s`, shape `(n,)` (Figure 3)."""
    return alpha * end + (1.0 - alpha) * start


def curvilinear(start: np.ndarray, end: np.ndarray, alpha: float) -> np.ndarray:
    """Return `sin(alpha pi/2) x_l + cos(alpha pi/2) x_s`, shape `(n,)` (Figure 7)."""
    angle = alpha * np.pi / 2.0
    return np.sin(angle) * end + np.cos(angle) * start


def alphas(start: float, stop: float, count: int) -> list[float]:
    """Return `count` equally spaced positions from `start` to `stop` inclusive."""
    return np.linspace(start, stop, count).tolist()


PATHS = {"linear": linear, "curvilinear": curvilinear}


def along(
    path: str,
    evaluate: Evaluate,
    start: np.ndarray,
    end: np.ndarray,
    alphas: Iterable[float],
) -> Iterator[dict]:
    """Yield one row of measures for each position on a path.

    Args:
        path: A name in `PATHS`.
        evaluate: Maps parameters of shape `(n,)` and alpha to named measures.
        start: Parameters x_s at alpha 0, shape `(n,)`.
        end: Parameters x_l at alpha 1, shape `(n,)`.
        alphas: Positions, dimensionless; values outside [0, 1] extrapolate.

    Raises:
        ValueError: If `start` and `end` differ in shape.
    """
    if start.shape != end.shape:
        raise ValueError(
            "`start` and `end` must have the same shape. "
            f"Received: start.shape={start.shape}, end.shape={end.shape}"
        )
    for alpha in alphas:
        point = PATHS[path](start, end, alpha)
        yield {"path": path, "alpha": alpha, **evaluate(point, alpha)}


def plots(
    evaluate: Evaluate, start: np.ndarray, end: np.ndarray, alphas: Iterable[float]
) -> list[dict]:
    """Return the rows of both parametric plots; see `along`."""
    return [row for path in PATHS for row in along(path, evaluate, start, end, alphas)]


def distances(initial: np.ndarray, start: np.ndarray, end: np.ndarray) -> dict:
    """Return Euclidean distances between x_0 and the two minima, and their ratio.

    Section 2.2.3: SB ends 3-10 times further from x_0 than LB.

    Args:
        initial: The common starting point x_0, shape `(n,)`.
        start: Parameters x_s, shape `(n,)`.
        end: Parameters x_l, shape `(n,)`.
    """
    start_to_initial = float(np.linalg.norm(start - initial))
    end_to_initial = float(np.linalg.norm(end - initial))
    return {
        "first_to_initial": start_to_initial,
        "second_to_initial": end_to_initial,
        "first_to_second": float(np.linalg.norm(start - end)),
        "distance_ratio": start_to_initial / end_to_initial,
    }
