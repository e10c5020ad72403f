"""Whether a network is a function: the same logits in every evaluation.

A measure compares losses of many evaluations. Where dropout is left on, a layer draws
random numbers or keeps state, differences of losses say nothing about the weights.
"""

from collections.abc import Callable

import numpy as np

from sharpminima import streams
from sharpminima.backend import keras


def check(logits: Callable, examples: int, *, where: str, batches_matter: bool) -> None:
    """Refuse a network whose logits change from one evaluation to another.

    Args:
        logits: Maps the indices of a batch, int32, to its logits, shape `(batch,
            classes)`.
        examples: How many examples there are; at least two.
        where: What is refused, for the message.
        batches_matter: Whether logits may depend on the other examples in the batch, as
            with batch normalisation by the moments of a batch.

    Raises:
        ValueError: If two evaluations of the same batches differ at all, or if their
            logits change with the order of the examples. If `batches_matter` is false,
            also if they change with the examples in the batch.
    """
    half = examples // 2
    order = np.arange(2 * half, dtype=np.int32)
    first, again = (_logits(logits, order, half) for _ in range(2))
    # Both ran the same program on the same numbers, so no bit may differ.
    if not np.array_equal(first, again, equal_nan=True):
        _refuse(where, "in a second evaluation of one batch", first, again)
    rng = streams.generator("order of a trial")
    # A seed that is the same at each call draws the same numbers for a batch. So other
    # examples take the places, in the same batches or in others.
    if batches_matter:
        order = rng.permuted(order.reshape(2, half), axis=1).ravel()
    else:
        order = rng.permutation(order)
    shuffled = np.empty_like(first)
    shuffled[order] = _logits(logits, order, half)
    # The sums of another order round otherwise, in each layer anew. Half of the digits
    # leave room for that: randomness changes more.
    tolerance = np.sqrt(np.finfo(keras.config.floatx()).eps) * np.abs(first).max()
    # Without finite logits there is nothing to compare.
    if np.isfinite(tolerance) and np.abs(shuffled - first).max() > tolerance:
        how = "order of the" if batches_matter else "other"
        _refuse(where, f"with the {how} examples in a batch", first, shuffled)


def _logits(logits, order, half):
    return np.concatenate([logits(order[:half]), logits(order[half:])])


def _refuse(where, when, first, other):
    change = np.nanmax(np.abs(other - first))
    raise ValueError(
        f"{where}: must give an example the same logits in every evaluation. Dropout "
        "by `training=True`, a random layer or state outside the weights prevent that. "
        f"Received: logits that change by {change:.2g} {when}"
    )
