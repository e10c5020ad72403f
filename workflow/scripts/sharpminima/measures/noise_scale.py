"""Gradient noise scale: the batch size at which noise and gradient are as large.

    B_simple = tr(Sigma) / |G|^2

G is the gradient of the mean training loss, and Sigma the covariance of the gradients
of single examples. A batch of B examples, drawn without replacement from N, has the
gradient g_B with

    E|g_B|^2 = |G|^2 + tr(Sigma) (1/B - 1/N).

Source: McCandlish et al. 2018 (arXiv:1812.06162), equation 2.9 and appendix A.1. They
take gradients at two batch sizes b < B. Here these are batches of b examples, and one
pass over the training set, whose gradient is the mean of its batches':

1. Within a pass, tr(Sigma) = (mean |g_b|^2 - |g_B|^2) / (1/b - 1/B) has no bias. The
   finite N drops out of it.
2. Their |G|^2 = (B |g_B|^2 - b |g_b|^2) / (B - b) would be that of fresh examples, with
   N without end: it lacks the term 1/N. It is negative where training has reached a
   minimum. Here |G|^2 = g_B . g_B' of two passes in other orders, which is the one of
   this training set.

Batch normalisation takes the moments of each batch of b, as in training with that
batch. Then G and Sigma depend on b, and two passes have other gradients: their product
has no bias all the same. Knows nothing of Keras.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from sharpminima import streams
from sharpminima.jobs import unfinished
from sharpminima.measures.planned import Planned

CONFIDENCE = 0.95
MEASURED = ("large_batch", "noise_trace", "squared_gradient")
MEASURED += ("noise_scale", "noise_scale_low", "noise_scale_high")


def measure(
    gradients: Callable[[Sequence[np.ndarray]], Iterable[np.ndarray]],
    examples: int,
    settings: Mapping,
    seed: int,
    step: Callable = unfinished.now,
) -> Iterator[dict]:
    """Yield a row for each b: the noise scale of one point, with a 95 % interval.

    Args:
        gradients: Maps batches, each an array of indices, to the gradient of the mean
            loss (nats per example) of each, shape `(n,)`.
        examples: How many examples the training set has.
        settings: `small_batches`, the values of b, and how many `pairs` of passes are
            made for each, at least 2.
        seed: The run's seed. It names the streams of orders, so that SB and LB of one
            seed see the same batches.
        step: Makes a pair of passes, or knows what it gave (see `unfinished.Steps`).

    Yields:
        `small_batch` and `pairs`; `large_batch`, the examples of a pass; `noise_trace`,
        tr(Sigma); `squared_gradient`, |G|^2; `noise_scale` (examples), and the ends of
        its interval. The scale is missing where |G|^2 is not above 0, and the upper end
        is infinite where |G|^2 cannot be told from 0.
    """
    for small in settings["small_batches"]:
        given = gradients, examples, small, seed
        found = [
            step(partial(_pair, *given, pair)) for pair in range(settings["pairs"])
        ]
        noise, slope = (
            np.array([each[name] for each in found])
            for name in ("noise_trace", "squared_gradient")
        )
        inverse, half = _ratio_of_means(slope, noise)
        yield {
            **{"small_batch": small, "pairs": settings["pairs"]},
            "large_batch": examples - examples % small,
            "noise_trace": float(noise.mean()),
            "squared_gradient": float(slope.mean()),
            "noise_scale": _inverted(inverse, np.nan),
            "noise_scale_low": _inverted(inverse + half, np.nan),
            "noise_scale_high": _inverted(inverse - half, np.inf),
        }


def not_measured(settings: Mapping) -> Iterator[dict]:
    """Yield the rows of a point without a finite loss: no values."""
    for small in settings["small_batches"]:
        row = {"small_batch": small, "pairs": settings["pairs"]}
        yield {**row, **dict.fromkeys(MEASURED, np.nan)}


def _pair(gradients, examples, small, seed, pair):
    """Return what two passes over the training set tell: tr(Sigma) and |G|^2."""
    traces, means = [], []
    for number in range(2):
        order = streams.generator("noise scale", seed, pair, number)
        count = examples // small
        # Examples that make no whole batch are left out, others in each pass.
        used = order.permutation(examples)[: count * small]
        total, squares = 0.0, 0.0
        for gradient in gradients(np.split(used, count)):
            gradient = gradient.astype(np.float64)
            total, squares = total + gradient, squares + gradient @ gradient
        mean = total / count
        noise = squares / count - mean @ mean
        traces.append(noise / (1.0 / small - 1.0 / len(used)))
        means.append(mean)
    slope = float(means[0] @ means[1])
    return {"noise_trace": float(np.mean(traces)), "squared_gradient": slope}


def _inverted(value, otherwise):
    """Return 1 / value, or `otherwise` where the value is not above 0."""
    return otherwise if value <= 0 else float(1.0 / value)


def _ratio_of_means(above, below):
    """Return mean(above) / mean(below), and half of its interval.

    The interval is the jackknife's with Student's t. It is that of 1 / B_simple: noise
    is never near 0, and the gradient may be.
    """
    from scipy.special import stdtrit  # slow to import, and a plan needs none

    count = len(above)
    # Leave out one pair at a time.
    without = (above.sum() - above) / (below.sum() - below)
    variance = (count - 1) * without.var()
    quantile = stdtrit(count - 1, (1.0 + CONFIDENCE) / 2.0)
    return above.mean() / below.mean(), quantile * np.sqrt(variance)


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what measuring one run evaluates, at its end or at its iterates."""
    settings = config["noise_scale"]
    passes = 2 * settings["pairs"] * len(settings["small_batches"])
    regime = config["regimes"].get(job.get("regime"), {})
    return Planned(gradients=passes * len(regime.get("iterates", ["last"])))
