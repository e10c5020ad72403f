"""The search for the largest loss in a box, by a few iterations of L-BFGS-B.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 2.2.2: the maximum in Metric 2.1
is sought by L-BFGS-B (Byrd et al. 1995), stopped after 10 iterations. So every value
is a lower bound. Knows nothing of Keras: the loss comes as a function of one flat
vector.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LossAndGradient = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Minimum:
    """The point x that is measured, with the loss and its gradient there.

    Attributes:
        x: Parameters, shape `(n,)`, float64.
        loss: f(x), nats per example.
        gradient: The gradient of f at x, shape `(n,)`, float64.

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


@dataclass(frozen=True)
class Ascent:
    """The outcome of one search for the largest loss in the box.

    Attributes:
        loss_before: f(x), nats per example.
        loss_after: The largest loss that the search saw, at least f(x).
        factor: What the objective was multiplied by.
        iterations: L-BFGS-B iterations that were completed.
        evaluations: Evaluations of loss and gradient in this search.
        on_bound: Share of coordinates of the best z on the box's boundary.
        message: How the solver ended.
        seconds: How long it took.
    """

    loss_before: float
    loss_after: float
    factor: float
    iterations: int
    evaluations: int
    on_bound: float
    message: str
    seconds: float


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
) -> Ascent:
    """Search the box around a minimum for the largest loss: max f(x + A z), z in C.

    Args:
        loss_and_gradient: Maps parameters of shape `(n,)` to the mean training loss
            (nats per example, at least 0) and its gradient of shape `(n,)`.
        minimum: Where the box is centred.
        space: A `FullSpace` or a `RandomSubspace`.
        half_widths: The box, shape `(p,)`; see `spaces.box_half_widths`.
        epsilon: The relative size of the box, dimensionless.
        start: Where in the box the search begins, shape `(p,)`.
        max_iterations: Cap on L-BFGS-B iterations; the paper stops at 10.
        max_evaluations: Cap on evaluations of loss and gradient.
    """
    # SciPy is slow to import, and a plan of the study needs no solver. The first search
    # imports it, before its clock starts.
    from scipy.optimize import Bounds, minimize

    started = time.perf_counter()
    factor = _factor(space.pull_back(minimum.gradient), epsilon)
    search = _Search(loss_and_gradient, minimum, space, factor, max_evaluations)
    # The last z need not be the best one, so the search itself remembers the best.
    try:
        message = minimize(
            search.negated_loss,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=Bounds(-half_widths, half_widths),
            callback=search.count_iteration,
            options={"maxiter": max_iterations, "ftol": 0.0, "gtol": 0.0},
        ).message
    except _OutOfEvaluations:
        message = f"STOP: {max_evaluations} EVALUATIONS OF F AND G"
    return search.ended(message, half_widths, time.perf_counter() - started)


def _factor(gradient, epsilon):
    """Return what the objective is multiplied by: `100 epsilon / max|gradient by z|`.

    SciPy's tolerances are absolute, and its first step is as long as the gradient.
    Without the factor L-BFGS-B would stop where it starts, at a converged minimiser
    whose gradient is 1e-6, and report no sharpness. So both tolerances are 0 as well.
    """
    steepest = np.abs(gradient).max()
    return 100.0 * epsilon / steepest if steepest > 0 else 1.0


class _OutOfEvaluations(Exception):
    """Raised from the objective: SciPy checks its own limit only between iterations."""


class _Search:
    """The objective of one search. It counts, and remembers the highest loss it saw."""

    def __init__(self, loss_and_gradient, minimum, space, factor, max_evaluations):
        self._loss_and_gradient, self._minimum = loss_and_gradient, minimum
        self._space, self._factor = space, factor
        self._max_evaluations = max_evaluations
        # The best z so far: at first 0 in each coordinate, which is x itself.
        self.highest, self.best = minimum.loss, 0.0
        self.iterations = self.evaluations = 0

    def count_iteration(self, intermediate_result):
        self.iterations += 1

    def negated_loss(self, z):
        """Return minus the scaled loss at `x + A z`, and its gradient by z."""
        if self.evaluations == self._max_evaluations:
            raise _OutOfEvaluations
        self.evaluations += 1
        if z.any():
            x = self._minimum.x + self._space.displacement(z)
            loss, gradient = self._loss_and_gradient(x)
        else:  # At z = 0 both are known already.
            loss, gradient = self._minimum.loss, self._minimum.gradient
        if loss > self.highest:
            self.highest, self.best = loss, z.copy()
        return -self._factor * loss, -self._factor * self._space.pull_back(gradient)

    def ended(self, message, half_widths, seconds):
        """Return what the search found."""
        return Ascent(
            loss_before=self._minimum.loss,
            loss_after=self.highest,
            factor=self._factor,
            iterations=self.iterations,
            evaluations=self.evaluations,
            on_bound=float(np.mean(np.abs(self.best) >= half_widths)),
            message=message,
            seconds=seconds,
        )
