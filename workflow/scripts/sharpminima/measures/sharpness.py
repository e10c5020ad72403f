"""Sharpness of a minimum: how far the loss can rise in a small box around it.

Source: Keskar et al., "On Large-Batch Training for Deep Learning: Generalization Gap
and Sharp Minima", ICLR 2017, arXiv:1609.04836, section 2.2.2, Metric 2.1:

    phi(x; epsilon, A) = 100 (max_{z in C} f(x + A z) - f(x)) / (1 + f(x)),
    C = {z : |z_i| <= epsilon (|(A^+ x)_i| + 1)},

with A the identity (full space) or a random n x p matrix (subspace). The maximum is
sought by a few iterations of L-BFGS-B, so every value is a lower bound.

Knows nothing of Keras: the loss arrives as a function of one flat vector.
"""

import itertools
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from scipy.linalg import solve
from scipy.optimize import Bounds, minimize

from sharpminima import streams
from sharpminima.measures.planned import Planned, by_searches

LossAndGradient = Callable[[np.ndarray], tuple[float, np.ndarray]]
ROWS_AT_A_TIME = 1 << 16


class FullSpace:
    """The whole space: A = I, z has as many coordinates as x."""

    name = "full"

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

    name = "subspace"

    def __init__(self, parameters: int, *, dimensions: int, seed: int):
        rng = np.random.default_rng(seed)
        # A transposed, so that one column of A is one contiguous row.
        self._rows = rng.standard_normal((dimensions, parameters), dtype=np.float32)

    def coordinates(self, x: np.ndarray) -> np.ndarray:
        """Return `A^+ x = (A^T A)^-1 A^T x`, shape `(p,)`, computed in float64."""
        gram, projection = 0.0, 0.0
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
class Ascent:
    """The outcome of one search for the largest loss in the box.

    Attributes:
        sharpness: Metric 2.1, percent, at least 0.
        loss_before: f(x), nats per example.
        loss_after: The largest loss that the search saw.
        factor: What the objective was multiplied by.
        iterations: L-BFGS-B iterations that were completed.
        evaluations: Evaluations of loss and gradient in this search.
        on_bound: Share of coordinates of the best z on the box's boundary.
        message: How the solver ended.
    """

    sharpness: float
    loss_before: float
    loss_after: float
    factor: float
    iterations: int
    evaluations: int
    on_bound: float
    message: str


def box_half_widths(coordinates: np.ndarray, epsilon: float) -> np.ndarray:
    """Return the half-width of the box C along each coordinate of z.

    Args:
        coordinates: `A^+ x`, shape `(p,)`.
        epsilon: Relative size of the box, dimensionless; the paper uses 1e-3 and 5e-4.

    Returns:
        `epsilon * (|A^+ x| + 1)`, shape `(p,)`. The `+ 1` keeps it open at 0.

    Raises:
        ValueError: If `epsilon` is not positive.
    """
    if epsilon <= 0:
        raise ValueError(f"`epsilon` must be positive. Received: epsilon={epsilon}")
    return epsilon * (np.abs(coordinates) + 1.0)


def starting_z(start: str, half_widths: np.ndarray, seed: int) -> np.ndarray:
    """Return where a search begins: `zero`, x itself, or `random`, uniform in the box.

    Raises:
        ValueError: If `start` is neither.
    """
    if start == "zero":
        return np.zeros_like(half_widths)
    if start == "random":
        return np.random.default_rng(seed).uniform(-half_widths, half_widths)
    raise ValueError(f"`start` must be `zero` or `random`. Received: {start!r}")


@dataclass(frozen=True)
class Minimum:
    """The point x that is measured, with the loss and its gradient there.

    Attributes:
        x: Parameters, shape `(n,)`, float64.
        loss: f(x), nats per example.
        gradient: Of the loss, shape `(n,)`, float64.

    Raises:
        ValueError: If the loss is not finite.
    """

    x: np.ndarray
    loss: float
    gradient: np.ndarray

    def __post_init__(self):
        if not np.isfinite(self.loss):
            raise ValueError(
                f"The loss at the minimum must be finite. Received: {self.loss}"
            )

    @classmethod
    def at(cls, loss_and_gradient: LossAndGradient, x: np.ndarray) -> "Minimum":
        """Evaluate at `x`, shape `(n,)`."""
        return cls(x, *loss_and_gradient(x))


def maximise(
    loss_and_gradient: LossAndGradient,
    minimum: Minimum,
    *,
    space,
    half_widths: np.ndarray,
    epsilon: float,
    start: np.ndarray,
    max_iterations: int,
    max_evaluations: int,
    scale: float = 1.0,
) -> Ascent:
    """Search the box around a minimum for the largest loss with L-BFGS-B (Metric 2.1).

    The objective is multiplied by `100 epsilon / max|gradient at x|` and the search
    runs in z, with `ftol = gtol = 0`. SciPy's tolerances are absolute, and its first
    step is as long as the gradient: unscaled, at a converged minimiser whose gradient
    is 1e-6, L-BFGS-B stops where it starts and reports no sharpness at all.

    Args:
        loss_and_gradient: Maps parameters of shape `(n,)` to the mean training loss
            (nats per example, at least 0) and its gradient of shape `(n,)`.
        minimum: Where the box is centred.
        space: `FullSpace()` or a `RandomSubspace`.
        half_widths: The box, shape `(p,)`; see `box_half_widths`.
        epsilon: The relative size that made it, dimensionless.
        start: Where in the box the search begins, shape `(p,)`.
        max_iterations: Cap on L-BFGS-B iterations; the paper stops at 10.
        max_evaluations: Cap on evaluations of loss and gradient.
        scale: Multiplies the factor, to show that the value does not hang on it.
    """
    steepest = np.abs(space.pull_back(minimum.gradient)).max()
    factor = scale * 100.0 * epsilon / steepest if steepest > 0 else 1.0
    search = _Search(loss_and_gradient, minimum, space, factor, max_evaluations)
    message = search.run(start, half_widths, max_iterations)
    rise = search.highest - minimum.loss
    return Ascent(
        sharpness=100.0 * rise / (1.0 + minimum.loss),
        loss_before=minimum.loss,
        loss_after=search.highest,
        factor=factor,
        iterations=search.iterations,
        evaluations=search.evaluations,
        on_bound=float(np.mean(np.abs(search.best) >= half_widths)),
        message=message,
    )


class _OutOfEvaluations(Exception):
    """Raised from the objective: SciPy checks its own limit only between iterations."""


class _Search:
    """One run of L-BFGS-B that remembers the highest loss it saw and where."""

    def __init__(self, loss_and_gradient, minimum, space, factor, max_evaluations):
        self._loss_and_gradient, self._minimum = loss_and_gradient, minimum
        self._space, self._factor = space, factor
        self._max_evaluations = max_evaluations
        self.highest, self.best = minimum.loss, None
        self.iterations = self.evaluations = 0

    def run(self, z, half_widths, max_iterations):
        """Search from `z`; return the solver's message."""
        self.best = np.zeros_like(z)
        try:
            return minimize(
                self._negated,
                z,
                jac=True,
                method="L-BFGS-B",
                bounds=Bounds(-half_widths, half_widths),
                callback=self._count,
                options={"maxiter": max_iterations, "ftol": 0.0, "gtol": 0.0},
            ).message
        except _OutOfEvaluations:
            return f"STOP: {self._max_evaluations} EVALUATIONS OF F AND G"

    def _count(self, intermediate_result):
        self.iterations += 1

    def _negated(self, z):
        if self.evaluations == self._max_evaluations:
            raise _OutOfEvaluations
        self.evaluations += 1
        loss, gradient = self._evaluate(z)
        if loss > self.highest:
            self.highest, self.best = loss, z.copy()
        return -self._factor * loss, -self._factor * self._space.pull_back(gradient)

    def _evaluate(self, z):
        """Return loss and gradient at z; those at z = 0 are known already."""
        if not z.any():
            return self._minimum.loss, self._minimum.gradient
        return self._loss_and_gradient(self._minimum.x + self._space.displacement(z))


def measure(
    loss_and_gradient: LossAndGradient, minimum: Minimum, settings: dict, seed: int
) -> Iterator[dict]:
    """Yield one row of Metric 2.1 for each space, epsilon and start.

    Args:
        loss_and_gradient: See `maximise`.
        minimum: What is measured.
        settings: The `sharpness` section of the config.
        seed: The run's seed; names the streams of subspaces and random starts, so that
            SB and LB of one seed are measured in the same subspaces.
    """
    for identity, starts in _spaces(settings, seed):
        space = _space(identity, len(minimum.x))
        coordinates = space.coordinates(minimum.x)
        for epsilon in settings["epsilons"]:
            half_widths = box_half_widths(coordinates, epsilon)
            for start in starts:
                started = time.perf_counter()
                ascent = maximise(
                    loss_and_gradient,
                    minimum,
                    space=space,
                    half_widths=half_widths,
                    epsilon=epsilon,
                    start=starting_z(start, half_widths, streams.seed("start", seed)),
                    max_iterations=settings["max_iterations"],
                    max_evaluations=settings["max_evaluations"],
                )
                seconds = time.perf_counter() - started
                which = {**identity, "epsilon": epsilon, "start": start}
                row = {**which, **asdict(ascent), "seconds": seconds}
                logging.info("%s", row)
                yield row


def not_measured(settings: dict, seed: int, reason: str) -> Iterator[dict]:
    """Yield the rows of `measure` for a point without a finite loss: no values."""
    for identity, starts in _spaces(settings, seed):
        for epsilon, start in itertools.product(settings["epsilons"], starts):
            which = {**identity, "epsilon": epsilon, "start": start}
            yield {**which, "sharpness": np.nan, "message": reason}


def _spaces(settings, seed):
    """Yield what identifies each space to measure in, and its starts."""
    full, subspace = settings["full"], settings["subspace"]
    common = {"max_iterations": settings["max_iterations"]}
    if full["starts"]:
        yield {"space": "full", **common}, full["starts"]
    for draw in range(subspace["draws"]):
        identity = {
            "space": "subspace",
            "dimensions": subspace["dimensions"],
            "subspace_seed": str(streams.seed("subspace", seed, draw)),
        }
        yield {**identity, **common}, subspace["starts"]


def _space(identity, parameters):
    if identity["space"] == "full":
        return FullSpace()
    return RandomSubspace(
        parameters,
        dimensions=identity["dimensions"],
        seed=int(identity["subspace_seed"]),
    )


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what measuring one checkpoint evaluates."""
    return by_searches(config["sharpness"])
