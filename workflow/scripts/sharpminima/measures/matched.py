"""The matched control: sharpness after a descent to a common gradient norm.

Runs end at different distances from a minimum. After training with small batches, the
gradient can be hundreds of times as large as after training with large ones. So a
difference in sharpness may tell how far training came, and not where it went. Here
each checkpoint first descends on the whole training set, until ||grad f(x)||_2 is at
most a common target. Then Metric 2.1 is measured as at a checkpoint. Keskar et al. 2017
have no such control.

The descent is L-BFGS (`lbfgsb` without bounds). Knows nothing of Keras: the loss comes
as a function of one flat vector.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from sharpminima.jobs import unfinished
from sharpminima.measures import sharpness
from sharpminima.measures.lbfgsb import minimise
from sharpminima.measures.maximisers import LossAndGradient, Minimum
from sharpminima.measures.planned import Planned, by_searches

REACHED = "THE NORM OF THE GRADIENT IS AT MOST THE TARGET"


@dataclass(frozen=True)
class Descent:
    """What one descent took. Norms and distance are Euclidean, in the full space.

    Attributes:
        reached: Whether the gradient became small enough.
        gradients: Gradients that were computed; the checkpoint's own is not counted.
        distance: How far the end lies from the checkpoint.
        loss_as_trained: The loss at the checkpoint, nats per example.
        loss_matched: The loss at the end, at most the one at the checkpoint.
        gradient_norm_as_trained: The norm of the gradient at the checkpoint.
        gradient_norm_matched: The norm of the gradient at the end.
        descent_message: Why the descent ended.
    """

    reached: bool
    gradients: int
    distance: float
    loss_as_trained: float
    loss_matched: float
    gradient_norm_as_trained: float
    gradient_norm_matched: float
    descent_message: str


def measure(
    loss_and_gradient: LossAndGradient,
    checkpoint: Minimum,
    search: Mapping,
    target: Mapping,
    epsilons: Sequence[float],
    seed: int,
    step: Callable = unfinished.now,
) -> Iterator[dict]:
    """Yield one row for each search around the point where the descent ends.

    Args:
        loss_and_gradient: See `maximisers.maximise`.
        checkpoint: Where the descent starts.
        search: How to search; see `Study.search`.
        target: Where the descent ends: `gradient_norm` and `max_gradients`.
        epsilons: Relative sizes of the box, dimensionless.
        seed: The run's seed; see `sharpness.measure`.
        step: Descends or searches, or knows what was found (see `unfinished.Steps`).

    Yields:
        The columns of `sharpness.measure`, the target, and the columns of `Descent`.
    """

    def descended():
        end, descent = descend(loss_and_gradient, checkpoint, **target)
        return {**vars(end), "descent": asdict(descent)}

    end = step(descended)
    descent = end.pop("descent")
    logging.info("%s", descent)
    given = loss_and_gradient, Minimum(**end), search, epsilons, seed, step
    for row in sharpness.measure(*given):
        yield {**row, **target, **descent}


def not_measured(
    search: Mapping, target: Mapping, epsilons: Sequence[float], seed: int, reason: str
) -> Iterator[dict]:
    """Yield the rows of a point without a finite loss: which searches, no values."""
    values = dict.fromkeys((field.name for field in fields(Descent)), np.nan)
    values |= {"reached": False, "descent_message": reason}
    for row in sharpness.not_measured(search, epsilons, seed, reason):
        yield {**row, **target, **values}


def descend(
    loss_and_gradient: LossAndGradient,
    checkpoint: Minimum,
    *,
    gradient_norm: float,
    max_gradients: int,
) -> tuple[Minimum, Descent]:
    """Descend until the gradient is small enough.

    Args:
        loss_and_gradient: Maps parameters of shape `(n,)` to the mean training loss
            (nats per example, at least 0) and its gradient of shape `(n,)`.
        checkpoint: Where the descent starts.
        gradient_norm: The largest norm ||grad f||_2 that is small enough.
        max_gradients: Cap on the gradients to compute.

    Returns:
        The first point whose gradient is small enough, or else the lowest one; and what
        the descent took.
    """
    path = _Path(loss_and_gradient, checkpoint, gradient_norm)
    try:
        message = minimise(
            path.loss_and_gradient,
            np.zeros_like(checkpoint.x),
            -np.inf,
            np.inf,
            max_iterations=max_gradients,
            # The first evaluation, at the checkpoint, computes nothing.
            max_evaluations=max_gradients + 1,
        ).message
    except _Reached:
        message = REACHED
    norms = [float(np.linalg.norm(p.gradient)) for p in (checkpoint, path.end)]
    return path.end, Descent(
        reached=norms[1] <= gradient_norm,
        gradients=path.gradients,
        distance=float(np.linalg.norm(path.end.x - checkpoint.x)),
        loss_as_trained=checkpoint.loss,
        loss_matched=path.end.loss,
        gradient_norm_as_trained=norms[0],
        gradient_norm_matched=norms[1],
        descent_message=message,
    )


class _Reached(Exception):
    """Raised from the objective, where its gradient is small enough."""


class _Path:
    """The loss as a function of `(x - start) / unit`. Remembers where to end.

    The solver's first step has length 1. The unit is f / ||grad f|| at the start: that
    is the step of Polyak (1987) for a loss whose minimum is 0, and stays near.
    """

    def __init__(self, loss_and_gradient, start, gradient_norm):
        self._loss_and_gradient, self._start = loss_and_gradient, start
        self._gradient_norm = gradient_norm
        norm = np.linalg.norm(start.gradient)
        self._unit = start.loss / norm if norm > 0 else 1.0
        self.end, self.gradients = start, 0

    def loss_and_gradient(self, steps):
        """Return the loss at `start + unit * steps`, and its gradient by `steps`."""
        x, loss, gradient = self._start.x, self._start.loss, self._start.gradient
        if steps.any():
            x = x + self._unit * steps
            loss, gradient = self._loss_and_gradient(x)
            self.gradients += 1
        norm = np.linalg.norm(gradient)
        # A trial step may land on a plateau above the start, which is no descent.
        reached = norm <= self._gradient_norm and loss <= self._start.loss
        if reached or (loss < self.end.loss and np.isfinite(norm)):
            self.end = Minimum(x, loss, gradient)
        if reached:
            raise _Reached
        return loss, self._unit * gradient


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what measuring one checkpoint at one epsilon evaluates at most."""
    searches = by_searches(config["sharpness"], 1)
    gradients = 1 + config["matched"]["max_gradients"] + searches.gradients
    return Planned(gradients=gradients, searches=searches.searches)
