"""Invariance: how far measures drift where the function stays the same.

Dinh et al. 2017 (arXiv:1703.04933): other parameters can give the same function and
another sharpness. Here each measure is repeated at such points, after a certificate:
the logits of all training examples must be those of the point as trained. Knows nothing
of Keras.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain

import numpy as np

from sharpminima.jobs import unfinished
from sharpminima.measures import average_sharpness, sharpness
from sharpminima.measures.maximisers import Minimum
from sharpminima.measures.planned import Planned, by_searches

AS_TRAINED = "as trained"


def measure(
    loss,
    point,
    forms: Iterable[tuple],
    settings: Mapping,
    seed: int,
    step: Callable = unfinished.now,
) -> Iterator[dict]:
    """Yield the rows of a point as trained, and of each of its other forms.

    Args:
        loss: A `MeasuredLoss`.
        point: The `Point` as trained.
        forms: Name and `Point` of each other form.
        settings: `tolerance`, the largest difference of a logit that a form may make,
            and what to measure; see `Study.invariance`.
        seed: The run's seed.
        step: Computes, or knows what was found (see `unfinished.Steps`).

    Yields:
        `form`, `logit_change` (the largest difference of a logit from the point as
        trained), `measure`, and the columns of `sharpness.measure`. A form that is
        refused has no values, and a message.
    """
    for form, other in chain([(AS_TRAINED, point)], forms):
        # The certificate. A change that is NaN is refused as well.
        change = step(partial(_certificate, loss, point, other))["logit_change"]
        logging.info("Form `%s` changes a logit by %.2g at most.", form, change)
        if change <= settings["tolerance"]:
            rows = _measured(loss, other, settings, seed, step)
        else:
            reason = (
                f"refused: a logit changes by {change:.2g}, "
                f"and the tolerance is {settings['tolerance']:g}"
            )
            rows = _not_measured(settings, seed, reason)
        for row in rows:
            yield {"form": form, "logit_change": change, **row}


def not_measured(settings: Mapping, seed: int, reason: str) -> Iterator[dict]:
    """Yield the rows of a point without a finite loss: as trained, no values."""
    for row in _not_measured(settings, seed, reason):
        yield {"form": AS_TRAINED, "logit_change": np.nan, **row}


def _certificate(loss, point, other):
    return {"logit_change": loss.largest_change_of_logits(point, other)}


def _measured(loss, point, settings, seed, step):
    """Yield a row for each search, and for each mean rise in a box."""
    value, _, gradient = loss.loss_accuracy_and_gradient(point)
    minimum = Minimum(point.parameters, value, gradient)
    f = loss.at_averages(point.averages)
    searches = (settings["sharpness"], settings["epsilons"], seed)
    for row in sharpness.measure(f, minimum, *searches, step):
        yield {"measure": "sharpness", **row}

    def mean_loss(x):
        return loss.loss_and_accuracy(replace(point, parameters=x), "train")[0]

    for box in _boxes(settings):
        row = average_sharpness.measure(mean_loss, minimum.x, box, seed, step)
        yield _of_mean(row)


def _not_measured(settings, seed, reason):
    """Yield the rows that `_measured` does, without values."""
    searches = (settings["sharpness"], settings["epsilons"], seed)
    for row in sharpness.not_measured(*searches, reason):
        yield {"measure": "sharpness", **row}
    for box in _boxes(settings):
        yield _of_mean(average_sharpness.not_measured(box)) | {"message": reason}


def _boxes(settings):
    """Yield the settings of each mean rise, if the study measures any."""
    averaged = settings["average_sharpness"]
    for epsilon in averaged.get("epsilons", []):
        yield {"epsilon": epsilon, "pairs": averaged["pairs"]}


def _of_mean(row):
    """Return a row of `average_sharpness` with its value in the common column."""
    value = {"sharpness": row.pop("average_sharpness")}
    return {"measure": "average_sharpness", "space": "full", **row, **value}


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what measuring all forms of one checkpoint evaluates."""
    section = config["invariance"]
    averaged = config.get("average_sharpness", {"epsilons": []})
    points = 1 + len(section["forms"])
    searches = by_searches(config["sharpness"], points * len(section["epsilons"]))
    means = [1 + 2 * averaged["pairs"] for _ in averaged["epsilons"]]
    # Once the moments, and for each certificate the logits of two points.
    return Planned(
        gradients=searches.gradients,
        train_losses=1 + points * (2 + sum(means)),
        searches=searches.searches,
    )
