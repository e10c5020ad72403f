"""Barriers: how far the loss rises above the straight line between two minima.

    barrier = max over t in [0, 1] of f((1-t) a + t b) - [(1-t) f(a) + t f(b)]

(Frankle et al. 2020, arXiv:1912.05671; Entezari et al. 2022, arXiv:2110.06296). Figure
3 of Keskar et al. 2017 (arXiv:1609.04836) shows the same path between SB and LB of one
seed. To read it, one has to know the barriers between runs of one regime, and those
that are left once the units of b are matched with those of a. Knows nothing of Keras.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import numpy as np

from sharpminima.jobs import unfinished
from sharpminima.measures.planned import Planned

AS_TRAINED, MATCHED = "as trained", "matched"


def measure(
    mixture: Callable,
    start,
    ends: Mapping,
    points: int,
    step: Callable = unfinished.now,
) -> Iterator[dict]:
    """Yield the rows of the straight lines from one point to the forms of another.

    Args:
        mixture: Maps points to a function of their weights; `MeasuredLoss.mixture`.
        start: The `Point` at t = 0.
        ends: The `Point` at t = 1, by how its units are ordered.
        points: How many positions a line has, at least 2: equally spaced, both ends
            included.
        step: Measures a position, or knows its measures (see `unfinished.Steps`).

    Yields:
        `units`, `t`, the Euclidean `distance` between both ends, the measures of
        `mixture`, and `train_excess` and `test_excess`: how far the loss lies above the
        straight line between its ends (nats). A barrier is the largest of them.
    """
    for units, end in ends.items():
        distance = float(np.linalg.norm(start.parameters - end.parameters))
        at, ts = mixture((start, end)), np.linspace(0.0, 1.0, points).tolist()
        rows = [step(partial(at, (1.0 - t, t), (1.0 - t, t))) for t in ts]
        for t, row in zip(ts, rows):
            excess = {
                f"{which}_excess": row[f"{which}_loss"]
                - (1.0 - t) * rows[0][f"{which}_loss"]
                - t * rows[-1][f"{which}_loss"]
                for which in ("train", "test")
            }
            yield {"units": units, "t": t, "distance": distance, **row, **excess}


def not_measured() -> Iterator[dict]:
    """Yield the rows of two points of which one has no finite loss: no values."""
    for units in (AS_TRAINED, MATCHED):
        values = dict.fromkeys(("distance", "train_excess", "test_excess"), np.nan)
        yield {"units": units, **values}


def pairs(of_seed: Iterable, of_other: Iterable) -> Iterator[tuple]:
    """Yield the pairs of runs of two seeds, the first regime's run first.

    Args:
        of_seed: The run of the first regime and that of the second one, of a seed.
        of_other: The same of another seed, or nothing: then both runs of the one seed
            are a pair.
    """
    first, second = of_seed
    if not of_other:
        yield first, second
        return
    other_first, other_second = of_other
    # Both controls, and both regimes from different starting points.
    yield first, other_first
    yield second, other_second
    yield first, other_second
    yield other_first, second


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what the lines between the runs of two seeds evaluate."""
    pairs = 1 if job.get("seed") == job.get("other") else 4
    points = pairs * 2 * config["barriers"]["points"]
    # `moving` becomes `recalibrated`, which sees the training set once more for each.
    again = 2 if config["evaluation"]["batch_norm"] == "moving" else 0
    return Planned(train_losses=(1 + again) * points, test_losses=points)
