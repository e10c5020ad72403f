"""Sharpness against epsilon: Metric 2.1 in boxes of growing size, by sign ascent alone.

At a minimum, and while the loss is quadratic, sharpness grows like epsilon^2. Where it
grows like epsilon, the value is slope. Where it grows faster than epsilon^2, the box
reaches beyond the quadratic region. Which of two minima is the sharper one may depend
on epsilon, so one epsilon does not tell.

Source of the boxes: equation 3 of Keskar et al. 2017 (arXiv:1609.04836), and Kwon et
al. 2021 (arXiv:2102.11600). Knows nothing of Keras.
"""

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from sharpminima.jobs import unfinished
from sharpminima.measures.maximisers import (
    LossAndGradient,
    Minimum,
    Place,
    maximise,
    starting_place,
)
from sharpminima.measures.planned import Planned
from sharpminima.measures.spaces import Box, FullSpace, box_half_widths, metric


def measure(
    loss_and_gradient: LossAndGradient,
    minimum: Minimum,
    settings: Mapping,
    step: Callable = unfinished.now,
) -> Iterator[dict]:
    """Yield one row for each space and epsilon; along a space sharpness never falls.

    Args:
        loss_and_gradient: See `maximisers.maximise`.
        minimum: What is measured.
        settings: See `Study.curve`.
        step: Searches in one box, or knows what was found (see `unfinished.Steps`).

    Yields:
        `space`, `epsilon` and `sharpness` (percent), from `loss_before` to `loss_after`
        (nats per example), after so many `evaluations`. `start` says where the largest
        loss comes from: a search from the minimum (`zero`), a search from the corner
        found in the smaller box (`scaled`), or that box itself (`smaller`).
    """
    for space in settings["spaces"]:
        smaller = None
        for epsilon in sorted(settings["epsilons"]):
            adaptive = space == "adaptive"
            widths = box_half_widths(minimum.x, epsilon, adaptive=adaptive)
            box = Box(FullSpace(), epsilon, widths)
            given, most = (loss_and_gradient, minimum, box), settings["max_evaluations"]
            smaller = step(partial(_largest, given, smaller, most))
            before, after = minimum.loss, smaller["loss"]
            row = {
                **{"space": space, "epsilon": epsilon, "start": smaller["start"]},
                "sharpness": metric(before, after),
                **{"loss_before": before, "loss_after": after},
                "evaluations": smaller["evaluations"],
            }
            logging.info("%s", row)
            yield row


def not_measured(settings: Mapping) -> Iterator[dict]:
    """Yield the rows of a point without a finite loss: no values."""
    epsilons = sorted(settings["epsilons"])
    for space, epsilon in itertools.product(settings["spaces"], epsilons):
        yield {"space": space, "epsilon": epsilon, "sharpness": np.nan}


def _largest(given, smaller, max_evaluations):
    """Return the largest loss in a box, its z, and where the search for it began.

    Args:
        given: The loss, the minimum and the box, as `maximise` takes them.
        smaller: What was found in the box of the epsilon before, or None.
        max_evaluations: Cap on the evaluations of a search.
    """
    _, minimum, box = given
    evaluations, found = 0, {}
    for start, place in _starts(minimum, box, smaller).items():
        ascent = maximise(
            *("sign", *given, place),
            max_iterations=0,  # of L-BFGS-B, which does not search here
            max_evaluations=max_evaluations,
        )
        evaluations += ascent.evaluations
        found[start] = {"loss": ascent.loss_after, "z": ascent.end.z}
    if smaller:
        # Boxes are nested: what was found in the smaller one lies in this one.
        found["smaller"] = smaller
    start = max(found, key=lambda start: found[start]["loss"])
    return found[start] | {"start": start, "evaluations": evaluations}


def _starts(minimum, box, smaller):
    """Return where the searches in a box begin; see `_largest`."""
    starts = {"zero": starting_place("zero", minimum, box, seed=0)}
    if smaller:
        # Sign ascent moves coordinates to their bounds. This box has bounds beyond.
        starts["scaled"] = Place(np.sign(smaller["z"]) * box.half_widths)
    return starts


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what the curve of one checkpoint evaluates."""
    settings = config["sharpness"]["curve"]
    epsilons, spaces = len(settings["epsilons"]), settings["spaces"]
    # What the searches from both starts took on F1, and the gradient at the minimum.
    gradients = 1 + len(spaces) * (6 * epsilons + 5 * (epsilons - 1))
    searches = dict.fromkeys(spaces, 2 * epsilons - 1)
    return Planned(gradients=gradients, searches=searches)
