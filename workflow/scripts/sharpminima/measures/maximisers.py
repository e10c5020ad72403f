"""Searches for the largest loss in a box: max f(x + A z) over z in C.

Two maximisers, each with its source:

- `lbfgsb`: a few iterations of L-BFGS-B, as Keskar et al. 2017 (arXiv:1609.04836),
  section 2.2.2, seek the maximum in Metric 2.1.
- `sign`: sign ascent. It goes to the corner of the box where the linearised loss is
  largest, again and again. This is the generalised power method of Journée et al. 2010
  (JMLR 11, 517-553) for a convex function on a box: there the loss never falls.

No search proves that it has found the maximum, so every value is a lower bound. Knows
nothing of Keras: the loss comes as a function of one flat vector.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from sharpminima.measures import lbfgsb
from sharpminima.measures.spaces import Box, metric

LossAndGradient = Callable[[np.ndarray], tuple[float, np.ndarray]]

# Cross entropies are computed in float32. Their mean is right to a few units in the
# last place.
ROUNDING = 8.0 * float(np.finfo(np.float32).eps)
# A larger one would leave the range of float32.
LARGEST_FACTOR = 1e30
# A search stops growing where a step adds less than this share to the rise.
GROWTH = 1e-3


@dataclass(frozen=True)
class Minimum:
    """The point x that is measured, with the loss and its gradient there.

    Attributes:
        x: Parameters, shape `(n,)`, float64.
        loss: f(x), nats per example.
        gradient: The gradient of f at x, shape `(n,)`.

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

    def displaced(self, box: Box, z: np.ndarray) -> np.ndarray:
        """Return `x + A z`, shape `(n,)`."""
        return self.x + box.space.displacement(z)


@dataclass(frozen=True)
class Place:
    """A point of the box: z, and the loss and its gradient by z where they are known.

    A search keeps all vectors in the precision of the gradient.

    Attributes:
        z: Shape `(p,)`.
        loss: f(x + A z), nats per example, or None.
        gradient: The gradient by z, shape `(p,)`, or None.
    """

    z: np.ndarray
    loss: float | None = None
    gradient: np.ndarray | None = None


@dataclass(frozen=True)
class Ascent:
    """The outcome of one search for the largest loss in the box.

    Attributes:
        maximiser: Which one searched.
        loss_before: f(x), nats per example.
        loss_after: The largest loss that the search saw, at least f(x).
        iterations: Iterations of L-BFGS-B that were completed, or steps of sign ascent.
        evaluations: Evaluations of loss and gradient, that of the start included.
        on_bound: Share of coordinates of the best z on the box's boundary.
        message: How the search ended.
        seconds: How long it took.
        progress: The largest loss after each evaluation.
        end: Where the largest loss is.
    """

    maximiser: str
    loss_before: float
    loss_after: float
    iterations: int
    evaluations: int
    on_bound: float
    message: str
    seconds: float
    progress: Sequence[float]
    end: Place

    def row(self) -> dict:
        """Return the columns of a row: all but the vectors.

        `progress` is a text there: Metric 2.1 (percent) after each evaluation.
        """
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        del columns["end"]
        values = (metric(self.loss_before, loss) for loss in self.progress)
        return {**columns, "progress": " ".join(f"{value:.6g}" for value in values)}


def starting_place(start: str, minimum: Minimum, box: Box, seed: int) -> Place:
    """Return where a search begins.

    Args:
        start: `zero`, x itself; `random`, uniform in the box; or `corner`, one of its
            corners at random.
        minimum: Where the box is centred.
        box: The box.
        seed: Of the NumPy generator that draws.

    Raises:
        ValueError: If `start` is none of them.
    """
    if start == "zero":
        by_z = box.space.pull_back(minimum.gradient)
        return Place(np.zeros_like(by_z), minimum.loss, by_z)
    rng, half_widths = np.random.default_rng(seed), box.half_widths
    if start == "random":
        z = rng.uniform(-half_widths, half_widths)
    elif start == "corner":
        z = np.where(rng.integers(2, size=len(half_widths)), half_widths, -half_widths)
    else:
        raise ValueError(
            f"`start` must be `zero`, `random` or `corner`. Received: {start!r}"
        )
    return Place(z)


def maximise(
    maximiser: str,
    loss_and_gradient: LossAndGradient,
    minimum: Minimum,
    box: Box,
    start: Place,
    *,
    max_iterations: int,
    max_evaluations: int,
) -> Ascent:
    """Search the box around a minimum for the largest loss: max f(x + A z), z in C.

    Args:
        maximiser: `lbfgsb` or `sign`.
        loss_and_gradient: Maps parameters of shape `(n,)` to the mean training loss
            (nats per example, at least 0) and its gradient of shape `(n,)`.
        minimum: Where the box is centred.
        box: The box C.
        start: Where in the box the search begins.
        max_iterations: Cap on iterations of L-BFGS-B; the paper stops at 10.
        max_evaluations: Cap on evaluations of loss and gradient.
    """
    started = time.perf_counter()
    climb = _Climb(loss_and_gradient, minimum, box, start)
    try:
        if maximiser == "lbfgsb":
            message = _lbfgsb(climb, box, max_iterations, max_evaluations)
        else:
            message = _sign(climb, max_evaluations)
    except _NoStart:
        message = lbfgsb.NOT_FINITE
    return climb.ended(maximiser, message, time.perf_counter() - started)


def search_again(
    loss_and_gradient: LossAndGradient,
    minimum: Minimum,
    box: Box,
    seeds: Iterable[int],
    *,
    patience: int,
    **limits: int,
) -> Ascent:
    """Search from x and from random corners until more of them lead to no larger loss.

    From each start, sign ascent and L-BFGS-B take turns until the loss stops growing.

    Args:
        loss_and_gradient: See `maximise`.
        minimum: Where the box is centred.
        box: The box C.
        seeds: Each one draws a corner.
        patience: After so many corners in a row without a larger loss, the search ends.
        limits: `max_iterations` and `max_evaluations` of each turn, as in `maximise`.

    Returns:
        All turns as one search, by the maximiser `reference`.
    """
    given = loss_and_gradient, minimum, box
    turns = _in_turns(*given, starting_place("zero", minimum, box, seed=0), limits)
    waited = 0
    for seed in seeds:
        best = max(turns, key=lambda turn: turn.loss_after)
        # Ends are long vectors, and of all turns so far one end is needed.
        turns = [turn if turn is best else replace(turn, end=None) for turn in turns]
        corner = starting_place("corner", minimum, box, seed)
        turns += _in_turns(*given, corner, limits)
        grown = _grows(turns[-1].loss_after, best.loss_after, minimum.loss)
        waited = 0 if grown else waited + 1
        if waited == patience:
            break
    best = max(turns, key=lambda turn: turn.loss_after)
    reached = waited == patience
    return replace(
        best,
        maximiser="reference",
        iterations=sum(turn.iterations for turn in turns),
        evaluations=sum(turn.evaluations for turn in turns),
        message="CONVERGENCE: A PLATEAU" if reached else "STOP: NO MORE CORNERS",
        seconds=sum(turn.seconds for turn in turns),
        progress=np.maximum.accumulate([f for turn in turns for f in turn.progress]),
    )


def _in_turns(loss_and_gradient, minimum, box, place, limits):
    """Return the searches of one corner: each begins where the one before has ended."""
    turns = []
    while True:
        before = place.loss if turns else minimum.loss
        for maximiser in ("sign", "lbfgsb"):
            turns.append(
                maximise(maximiser, loss_and_gradient, minimum, box, place, **limits)
            )
            place = turns[-1].end
        if not _grows(place.loss, before, minimum.loss):
            return turns


def _grows(loss, before, lowest):
    """Tell whether the rise from `lowest` grows by a share that matters."""
    return loss - before > GROWTH * (before - lowest)


class _NoStart(Exception):
    """Raised where loss or gradient are not finite at the start of a search."""


class _Climb:
    """The loss as one search sees it. It counts, and remembers the best place."""

    def __init__(self, loss_and_gradient, minimum, box, start):
        self._loss_and_gradient, self._minimum = loss_and_gradient, minimum
        self._box, self.best = box, starting_place("zero", minimum, box, seed=0)
        precision = self.best.z.dtype
        self.half_widths = box.half_widths.astype(precision)
        self.start = replace(start, z=start.z.astype(precision))
        self.slope, self.iterations, self._highest = self.best.gradient, 0, []

    def __call__(self, z):
        """Return the loss at `x + A z`, and its gradient by z."""
        if not self._highest and self.start.loss is not None:
            # Each maximiser begins at the start, which is known already.
            loss, gradient = self.start.loss, self.start.gradient
        else:
            loss, by_x = self._loss_and_gradient(self._minimum.displaced(self._box, z))
            gradient = self._box.space.pull_back(by_x)
        finite = np.isfinite(loss) and np.isfinite(gradient.sum(dtype=np.float64))
        if finite and loss > self.best.loss:
            # A maximiser may go on in the same memory.
            self.best = Place(z.copy(), loss, gradient)
        self._highest.append(self.best.loss)
        if not finite and len(self._highest) == 1:
            raise _NoStart
        return loss, gradient

    @property
    def loss_before(self):
        return self._minimum.loss

    @property
    def evaluations(self):
        return len(self._highest)

    def ended(self, maximiser, message, seconds):
        """Return what the search found."""
        before, best = self._minimum.loss, self.best
        on_bound = np.abs(best.z) >= self.half_widths
        return Ascent(
            maximiser=maximiser,
            loss_before=before,
            loss_after=best.loss,
            iterations=self.iterations,
            evaluations=self.evaluations,
            on_bound=float(np.mean(on_bound)),
            message=message,
            seconds=seconds,
            progress=tuple(self._highest),
            end=best,
        )


def _lbfgsb(climb, box, max_iterations, max_evaluations):
    """Search by L-BFGS-B. Return how it ended."""
    # The first step of L-BFGS-B is as long as the gradient, which is tiny at a
    # converged minimiser. With this factor it reaches the bounds of the box.
    steepest = float(np.abs(climb.slope).max())
    factor = 100.0 * box.epsilon / steepest if steepest > 0 else 1.0
    factor = min(factor, LARGEST_FACTOR)

    def negated(z):
        loss, gradient = climb(z)
        return -factor * loss, -factor * gradient

    # The last z need not be the best one, so `climb` itself remembers the best.
    found = lbfgsb.minimise(
        negated,
        climb.start.z,
        -climb.half_widths,
        climb.half_widths,
        max_iterations=max_iterations,
        max_evaluations=max_evaluations,
        rounding=factor * ROUNDING * climb.loss_before,
    )
    climb.iterations = found.iterations
    return found.message


def _sign(climb, max_evaluations):
    """Search by sign ascent. Return how it ended."""
    z = climb.start.z
    loss, gradient = climb(z)
    while climb.evaluations < max_evaluations:
        # The corner where f(x + A z) is largest to first order. Where the loss does not
        # depend on a coordinate, this stays as it is.
        corner = np.where(gradient == 0.0, z, np.copysign(climb.half_widths, gradient))
        if np.array_equal(corner, z):
            return "CONVERGENCE: THE CORNER STAYS THE SAME"
        before, z = climb.best.loss, corner
        loss, gradient = climb(z)
        climb.iterations += 1
        if not np.isfinite(loss):
            return lbfgsb.NOT_FINITE
        if not _grows(loss, before, climb.loss_before):
            return "CONVERGENCE: THE RISE HAS STOPPED GROWING"
    return f"STOP: {max_evaluations} EVALUATIONS OF F AND G"
