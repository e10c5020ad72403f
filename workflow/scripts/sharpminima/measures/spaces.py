"""The spaces that are searched for sharpness, the box in them, and Metric 2.1.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 2.2.2. A search moves x by A z,
with A the identity (full space) or a random n x p matrix (subspace), and z in the box
C of equation 3. Equation 4 turns the rise of the loss there into the metric. Knows
nothing of Keras.
"""

from dataclasses import dataclass

import numpy as np

ROWS_AT_A_TIME = 1 << 16


class FullSpace:
    """The whole space: A = I, z has as many coordinates as x."""

    def coordinates(self, x: np.ndarray) -> np.ndarray:
        """Return `A^+ x`, shape `(n,)`."""
        return x

    def displacement(self, z: np.ndarray) -> np.ndarray:
        """Return `A z`, shape `(n,)`."""
        return z

    def pull_back(self, gradient: np.ndarray) -> np.ndarray:
        """Return the gradient by z, `A^T gradient`, shape `(n,)`."""
        return gradient


class RandomSubspace:
    """The span of random columns, i.i.d. N(0, 1) and not normalised.

    The paper does not say how A is drawn. Columns of unit length would shrink the box's
    reach by a factor of about sqrt(n), and the measure would vanish.

    Args:
        parameters: Dimension n of the whole space.
        dimensions: Number p of columns; the paper uses 100.
        seed: Seed of the NumPy generator that draws A.
    """

    def __init__(self, parameters: int, *, dimensions: int, seed: int):
        rng = np.random.default_rng(seed)
        # A transposed, so that one column of A is one contiguous row.
        self._rows = rng.standard_normal((dimensions, parameters), dtype=np.float32)

    def coordinates(self, x: np.ndarray) -> np.ndarray:
        """Return `A^+ x = (A^T A)^-1 A^T x`, shape `(p,)`, computed in float64."""
        from scipy.linalg import solve  # slow to import, and a plan needs no solver

        gram, projection = 0.0, 0.0
        # In blocks: A in float64 as a whole would take twice the memory of A.
        for start in range(0, len(x), ROWS_AT_A_TIME):
            block = self._rows[:, start : start + ROWS_AT_A_TIME].astype(np.float64)
            gram = gram + block @ block.T
            projection = projection + block @ x[start : start + ROWS_AT_A_TIME]
        return solve(gram, projection, assume_a="pos")

    def displacement(self, z: np.ndarray) -> np.ndarray:
        """Return `A z`, shape `(n,)`."""
        return (z.astype(np.float32) @ self._rows).astype(np.float64)

    def pull_back(self, gradient: np.ndarray) -> np.ndarray:
        """Return the gradient by z, `A^T gradient`, shape `(p,)`."""
        return (self._rows @ gradient.astype(np.float32)).astype(np.float64)


@dataclass(frozen=True)
class Box:
    """The box C of a search: all z with |z_i| at most `half_widths[i]`.

    Attributes:
        space: The space of z.
        epsilon: Relative size of the box, dimensionless.
        half_widths: Shape `(p,)`; see `box_half_widths`.
    """

    space: FullSpace | RandomSubspace
    epsilon: float
    half_widths: np.ndarray


def box_half_widths(
    coordinates: np.ndarray, epsilon: float, *, adaptive: bool = False
) -> np.ndarray:
    """Return the half-width of the box C along each coordinate of z (equation 3).

    Args:
        coordinates: `A^+ x`, shape `(p,)`.
        epsilon: Relative size of the box, dimensionless; the paper uses 1e-3 and 5e-4.
        adaptive: Whether to take the box of Kwon et al. 2021 (arXiv:2102.11600).

    Returns:
        `epsilon (|A^+ x| + 1)`, shape `(p,)`. The `+ 1` keeps it open at 0. The
        adaptive box is `epsilon |A^+ x|`. It grows and shrinks with the parameters, so
        rescalings that leave the function as it is leave the measure as it is.

    Raises:
        ValueError: If `epsilon` is not positive.
    """
    if epsilon <= 0:
        raise ValueError(f"`epsilon` must be positive. Received: epsilon={epsilon}")
    return epsilon * (np.abs(coordinates) + (0.0 if adaptive else 1.0))


def metric(loss_before: float, loss_after: float) -> float:
    """Return Metric 2.1 in percent (equation 4), from f(x) and the maximum of f."""
    return 100.0 * (loss_after - loss_before) / (1.0 + loss_before)
