"""Sharpness on the way: every kept iterate of a run is measured as a minimum would be.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 3, Figure 6: sharpness against
the cross entropy of iterates, of runs with small and with large batches.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from sharpminima.measures import sharpness
from sharpminima.measures.planned import Planned
from sharpminima.rows import DIVERGED

TEST = ("test_loss", "test_accuracy")


def measure(
    function, iterates: Iterable[tuple[int, np.ndarray]], settings: dict, seed: int
) -> Iterator[dict]:
    """Yield the rows of each iterate; those without a finite loss have no values.

    Args:
        function: The `EvaluationNetwork`, whose model is at the iterate at hand.
        iterates: Epoch and parameters, shape `(n,)`, of each.
        settings: What `regimes.search_of_iterates` returned.
        seed: The run's seed.

    Yields:
        `epoch`, loss (nats per example) and accuracy (percent) of both sets, and what
        `sharpness.measure` yields.
    """
    for epoch, x in iterates:
        loss, accuracy, gradient = function.loss_accuracy_and_gradient(x)
        on_test = dict(zip(TEST, function.loss_and_accuracy(x, "test")))
        reached = {"train_loss": loss, "train_accuracy": accuracy, **on_test}
        if np.isfinite(loss):
            minimum = sharpness.Minimum(x, loss, gradient)
            f = function.loss_and_gradient
            rows = sharpness.measure(f, minimum, settings, seed)
        else:
            reached = dict.fromkeys(reached, np.nan)
            rows = sharpness.not_measured(settings, seed, DIVERGED)
        for row in rows:
            yield {"epoch": epoch, **reached, **row}


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what measuring the kept iterates of one run evaluates."""
    iterates, search = len(config["iterates"]["epochs"]), config["sharpness"]
    evaluations = min(search["max_iterations"] + 1, search["max_evaluations"])
    return Planned(
        gradients=iterates * evaluations,
        test_losses=iterates,
        searches={"full": iterates},
    )
