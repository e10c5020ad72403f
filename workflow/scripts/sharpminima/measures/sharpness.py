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
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from sharpminima import streams
from sharpminima.jobs import unfinished
from sharpminima.measures.anatomy import anatomy, norms
from sharpminima.measures.maximisers import (
    LossAndGradient,
    Minimum,
    Place,
    maximise,
    search_again,
    starting_place,
)
from sharpminima.measures.planned import Planned, by_searches
from sharpminima.measures.spaces import (
    Box,
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
    step: Callable = unfinished.now,
) -> Iterator[dict]:
    """Yield one row of Metric 2.1 for each search.

    Args:
        loss_and_gradient: See `maximisers.maximise`.
        minimum: What is measured.
        settings: How to search; see `Study.search`.
        epsilons: Relative sizes of the box, dimensionless.
        seed: The run's seed. It names the streams of subspaces and random starts, so
            that SB and LB of one seed are measured in the same subspaces.
        step: Does a search, or knows what it found (see `unfinished.Steps`).
    """
    for identity, searches in _spaces(settings, seed):
        # One A at a time: with p = 100 columns it takes far more memory than x.
        space = _space(identity, len(minimum.x))
        coordinates = space.coordinates(minimum.x)
        for epsilon in epsilons:
            # Equation 3: the box C around x.
            adaptive = identity["space"] == "adaptive"
            half_widths = box_half_widths(coordinates, epsilon, adaptive=adaptive)
            box = Box(space, epsilon, half_widths)
            identified = {**identity, "epsilon": epsilon}
            given, best = (loss_and_gradient, minimum, box), None
            for which in searches:
                found = step(partial(_search, given, settings, seed, which, best))
                row = identified | found.pop("row")
                logging.info("%s", row)
                yield row
                # A polish begins at the best end of L-BFGS-B.
                if found and (best is None or found["loss"] > best.loss):
                    best = Place(**found)


def not_measured(
    settings: Mapping, epsilons: Sequence[float], seed: int, reason: str
) -> Iterator[dict]:
    """Yield the rows of a point without a finite loss: which searches, no values."""
    for identity, searches in _spaces(settings, seed):
        for epsilon, (maximiser, start) in itertools.product(epsilons, searches):
            which = {**identity, "epsilon": epsilon, "start": start}
            which["maximiser"] = maximiser
            missing = dict.fromkeys(("sharpness", "evaluations", "progress"), np.nan)
            yield {**which, **missing, "message": reason}


def _spaces(settings, seed):
    """Yield what identifies each space in a row, and its searches."""
    common = {"max_iterations": settings["max_iterations"]}
    # Without an A, the paper takes the identity.
    for name in ("full", "adaptive"):
        searches = _searches(settings[name])
        if name == "full" and settings["reference"]["corners"]:
            searches.append(("reference", "corners"))
        if searches:
            yield {"space": name, **common}, searches
    # Section 2.2.2: in the full space alone, f could be large in a small subspace only.
    subspace = settings["subspace"]
    for draw in range(subspace["draws"]):
        identity = {
            "space": "subspace",
            "dimensions": subspace["dimensions"],
            # As text: a column with gaps would be read as floats, which round 63 bits.
            "subspace_seed": str(streams.seed("subspace", seed, draw)),
        }
        yield {**identity, **common}, _searches(subspace)


def _searches(settings):
    """Return the maximiser and the start of each search, those by L-BFGS-B first."""
    return [(name, s) for name in ("lbfgsb", "sign") for s in settings[name]]


def _space(identity, parameters):
    """Return the space of a row."""
    if identity["space"] != "subspace":
        return FullSpace()
    seed = int(identity["subspace_seed"])
    return RandomSubspace(parameters, dimensions=identity["dimensions"], seed=seed)


def _search(given, settings, seed, which, best):
    """Search a box once; return columns of a row, and where L-BFGS-B has ended.

    Args:
        given: The loss, the minimum and the box, as `maximisers.maximise` takes them.
        settings: How to search; see `Study.search`.
        seed: The run's seed.
        which: The maximiser and its start.
        best: Where L-BFGS-B has found the largest loss so far in this box, or None.
    """
    _, minimum, _ = given
    # The largest f that a search finds in C: a lower bound of the maximum.
    ascent = _ascent(given, settings, seed, *which, best)
    row = {
        "start": which[1],
        # Equation 4: Metric 2.1.
        "sharpness": metric(ascent.loss_before, ascent.loss_after),
        **ascent.row(),
        **norms(minimum.gradient),
        **anatomy(*given, ascent),
    }
    end = vars(ascent.end) if ascent.maximiser == "lbfgsb" else {}
    return {"row": row, **end}


def _ascent(given, settings, seed, maximiser, start, best):
    """Return the outcome of the search that `_search` makes."""
    limits = {name: settings[name] for name in ("max_iterations", "max_evaluations")}
    if maximiser == "reference":
        corners = settings["reference"]["corners"]
        patience = settings["reference"]["patience"]
        seeds = [streams.seed("reference", seed, i) for i in range(corners)]
        return search_again(*given, seeds, patience=patience, **limits)
    if start == "lbfgsb":
        place = best  # a polish
    else:
        place = starting_place(start, *given[1:], streams.seed(start, seed))
    return maximise(maximiser, *given, place, **limits)


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what measuring one checkpoint evaluates, at one epsilon or at all."""
    epsilons = 1 if "epsilon" in job else len(config["sharpness"]["epsilons"])
    return by_searches(config["sharpness"], epsilons)
