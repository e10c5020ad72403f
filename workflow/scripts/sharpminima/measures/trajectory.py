"""Sharpness during training: every kept iterate of a run is measured like a minimum.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 3, Figure 6: sharpness against
the cross entropy of iterates, of runs with small and with large batches.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import numpy as np

from sharpminima.jobs import unfinished
from sharpminima.measures import sharpness
from sharpminima.measures.maximisers import Minimum
from sharpminima.measures.planned import Planned
from sharpminima.storage.rows import DIVERGED


def measure(
    loss,
    iterates: Iterable[tuple],
    settings: Mapping,
    seed: int,
    step: Callable = unfinished.now,
) -> Iterator[dict]:
    """Yield the rows of each iterate; one without a finite loss has no values.

    Args:
        loss: A `MeasuredLoss`.
        iterates: Epoch and `Point` of each, in any order.
        settings: How to search; see `Study.search_of_iterates`.
        seed: The run's seed.
        step: Measures an iterate, or knows its rows (see `unfinished.Steps`).

    Yields:
        `epoch`, loss (nats per example) and accuracy (percent) of both sets, and the
        columns of `sharpness.measure`.
    """
    for epoch, point in iterates:
        found = step(partial(_measured, loss, point, settings, seed))
        for row in found["rows"]:
            yield {"epoch": epoch, **row}


def _measured(loss, point, settings, seed):
    """Return the rows of one iterate."""
    epsilons = [settings["epsilon"]]
    # One pass gives the abscissa of Figure 6 and the gradient that a search needs.
    train_loss, train_accuracy, gradient = loss.loss_accuracy_and_gradient(point)
    test_loss, test_accuracy = loss.loss_and_accuracy(point, "test")
    reached = {
        "train_loss": train_loss,
        "train_accuracy": train_accuracy,
        "test_loss": test_loss,
        "test_accuracy": test_accuracy,
    }
    if np.isfinite(train_loss):
        minimum = Minimum(point.parameters, train_loss, gradient)
        # The search moves the parameters; the averages stay the iterate's own.
        f = loss.at_averages(point.averages)
        rows = sharpness.measure(f, minimum, settings, epsilons, seed)
    else:
        reached = dict.fromkeys(reached, np.nan)
        rows = sharpness.not_measured(settings, epsilons, seed, DIVERGED)
    return {"rows": [{**reached, **row} for row in rows]}


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what measuring the kept iterates of one run evaluates."""
    iterates, search = len(config["iterates"]["epochs"]), config["sharpness"]
    evaluations = min(search["max_iterations"] + 1, search["max_evaluations"]) + 1
    return Planned(
        gradients=iterates * evaluations,
        test_losses=iterates,
        searches={"full": iterates},
    )
