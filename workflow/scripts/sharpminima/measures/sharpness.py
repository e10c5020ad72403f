"""Sharpness of a minimum: how far the loss can rise in a small box around it.

Source: Keskar et al., "On Large-Batch Training for Deep Learning: Generalization Gap
and Sharp Minima", ICLR 2017, arXiv:1609.04836, section 2.2.2, equations 3 and 4:

    C = {z : |z_i| <= epsilon (|(A^+ x)_i| + 1)},                                  (3)
    phi(x; epsilon, A) = 100 (max_{z in C} f(x + A z) - f(x)) / (1 + f(x)).        (4)

Equation 4 is Metric 2.1. The maximum is sought in the full space, where A is the
identity, and in random subspaces. Knows nothing of Keras: the loss comes as a function
of one flat vector.
"""

import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

import numpy as np

from sharpminima import streams
from sharpminima.measures.maximisers import (
    LossAndGradient,
    Minimum,
    maximise,
    starting_z,
)
from sharpminima.measures.planned import Planned, by_searches
from sharpminima.measures.spaces import (
    FullSpace,
    RandomSubspace,
    box_half_widths,
    metric,
)


def measure(
    loss_and_gradient: LossAndGradient,
    minimum: Minimum,
    settings: Mapping,
    epsilons: Sequence[float],
    seed: int,
) -> Iterator[dict]:
    """Yield one row of Metric 2.1 for each search.

    Args:
        loss_and_gradient: See `maximisers.maximise`.
        minimum: What is measured.
        settings: How to search; see `Study.search`.
        epsilons: Relative sizes of the box, dimensionless.
        seed: The run's seed. It names the streams of subspaces and random starts, so
            that SB and LB of one seed are measured in the same subspaces.
    """
    limits = {name: settings[name] for name in ("max_iterations", "max_evaluations")}
    for identity, starts in _spaces(settings, seed):
        # One A at a time: with p = 100 columns it takes far more memory than x.
        if identity["space"] == "full":
            space = FullSpace()
        else:
            space = RandomSubspace(
                len(minimum.x),
                dimensions=identity["dimensions"],
                seed=int(identity["subspace_seed"]),
            )
        coordinates = space.coordinates(minimum.x)
        for epsilon, start in itertools.product(epsilons, starts):
            # Equation 3: the box C around x.
            half_widths = box_half_widths(coordinates, epsilon)
            # The largest f that the search finds in C: a lower bound of the maximum.
            ascent = maximise(
                loss_and_gradient,
                minimum,
                space=space,
                half_widths=half_widths,
                epsilon=epsilon,
                start=starting_z(start, half_widths, streams.seed("start", seed)),
                **limits,
            )
            # Equation 4: Metric 2.1.
            row = {
                **identity,
                "epsilon": epsilon,
                "start": start,
                "sharpness": metric(ascent.loss_before, ascent.loss_after),
                **asdict(ascent),
            }
            logging.info("%s", row)
            yield row


def not_measured(
    settings: Mapping, epsilons: Sequence[float], seed: int, reason: str
) -> Iterator[dict]:
    """Yield the rows of a point without a finite loss: which searches, no values."""
    for identity, starts in _spaces(settings, seed):
        for epsilon, start in itertools.product(epsilons, starts):
            which = {**identity, "epsilon": epsilon, "start": start}
            yield {**which, "sharpness": np.nan, "message": reason}


def _spaces(settings, seed):
    """Yield what identifies each space in a row, and the starts of its searches."""
    full, subspace = settings["full"], settings["subspace"]
    common = {"max_iterations": settings["max_iterations"]}
    # Without an A, the paper takes the identity.
    if full["starts"]:
        yield {"space": "full", **common}, full["starts"]
    # Section 2.2.2: in the full space alone, f could be large in a small subspace only.
    for draw in range(subspace["draws"]):
        identity = {
            "space": "subspace",
            "dimensions": subspace["dimensions"],
            # As text: a column with gaps would be read as floats, which round 63 bits.
            "subspace_seed": str(streams.seed("subspace", seed, draw)),
        }
        yield {**identity, **common}, subspace["starts"]


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what measuring one checkpoint evaluates, at one epsilon or at all."""
    epsilons = 1 if "epsilon" in job else len(config["sharpness"]["epsilons"])
    return by_searches(config["sharpness"], epsilons)
