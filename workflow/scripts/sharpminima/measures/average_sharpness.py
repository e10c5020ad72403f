"""Average-case sharpness: how far the loss rises on average in the box of Metric 2.1.

    E f(x + d) - f(x),   d uniform in {d : |d_i| <= epsilon (|x_i| + 1)}.

The box is equation 3 of Keskar et al. 2017 (arXiv:1609.04836) in the full space. Metric
2.1 takes the largest rise in it. This measure takes the mean, which needs no solver.
Where f is quadratic with second derivatives h_i along the axes, and the box has the
half-widths w_i, the mean rise is sum_i h_i w_i^2 / 6. Knows nothing of Keras.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from sharpminima import streams
from sharpminima.jobs import unfinished
from sharpminima.measures.planned import Planned
from sharpminima.measures.spaces import box_half_widths, metric


def measure(
    loss: Callable[[np.ndarray], float],
    x: np.ndarray,
    settings: Mapping,
    seed: int,
    step: Callable = unfinished.now,
) -> dict:
    """Return the row of one point: its mean rise in the box, and how sure it is.

    Args:
        loss: Maps parameters, shape `(n,)`, to the mean training loss (nats per
            example).
        x: What is measured, shape `(n,)`.
        settings: `epsilon`, and how many antithetic `pairs` are drawn, at least 2.
        seed: The run's seed. It names the stream of draws, so that SB and LB of one
            seed, and all epsilons, see the same directions.
        step: Evaluates a pair, or knows its rise (see `unfinished.Steps`).

    Returns:
        `average_rise` and its `standard_error` (nats per example), `average_sharpness`
        (the rise in the form of Metric 2.1, percent), `loss_before`, and the settings.
    """
    before = step(lambda: {"loss": loss(x)})["loss"]
    # Equation 3 with A = I: the box around x.
    half_widths = box_half_widths(x, settings["epsilon"])
    rng = streams.generator("average sharpness", seed)
    rises = []
    for _ in range(settings["pairs"]):
        d = half_widths * rng.uniform(-1.0, 1.0, x.shape)
        rises.append(step(partial(_mean_rise, loss, x, d, before))["rise"])
    rise = float(np.mean(rises))
    # The pairs are independent, so their scatter tells the error of the mean.
    return {
        **settings,
        "average_rise": rise,
        "standard_error": float(np.std(rises, ddof=1) / np.sqrt(len(rises))),
        "average_sharpness": metric(before, before + rise),
        "loss_before": before,
    }


def _mean_rise(loss, x, d, before):
    # The mean over d and -d: the slope at x cancels, so it adds no noise.
    return {"rise": (loss(x + d) + loss(x - d)) / 2.0 - before}


def not_measured(settings: Mapping) -> dict:
    """Return the row of a point without a finite loss: its settings, no values."""
    measured = ("average_rise", "standard_error", "average_sharpness", "loss_before")
    return {**settings, **dict.fromkeys(measured, np.nan)}


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what measuring one checkpoint at one epsilon evaluates."""
    return Planned(train_losses=1 + 2 * config["average_sharpness"]["pairs"])
