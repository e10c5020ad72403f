"""How examples are cut into batches, in training and in evaluation.

Knows nothing of Keras, so that a config is checked with it before any job runs.
"""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from sharpminima import streams


def batch_size(regime: dict, examples: int) -> int:
    """Return the batch size of a regime on a training set of `examples` examples.

    A fraction is taken as the decimal that was written, exactly, and rounded so that
    0.1 always makes 10 updates an epoch: up when the last batch is kept, down when it
    is dropped.

    Args:
        regime: `batch_size`, or `batch_fraction` in (0, 1], and `last_batch`, `keep`
            or `drop`.
        examples: Size of the training set.

    Raises:
        ValueError: If the batch is larger than the training set, or if any batch,
            the last one included, would hold a single example: batch normalisation
            has no variance there.
    """
    if "batch_size" in regime:
        size = regime["batch_size"]
    else:
        exact = Fraction(str(regime["batch_fraction"])) * examples
        keep = regime["last_batch"] == "keep"
        size = math.ceil(exact) if keep else math.floor(exact)
    if size > examples:
        raise ValueError(
            f"a batch must not be larger than the training set of {examples} examples. "
            f"Received: {size}"
        )
    if size < 2:
        raise ValueError(f"a batch must hold at least 2 examples. Received: {size}")
    if regime["last_batch"] == "keep" and examples % size == 1:
        raise ValueError(
            f"{examples} examples in batches of {size} leave a last batch of one "
            "example. Choose another size, or `last_batch: drop`"
        )
    return size


def epoch_batches(
    examples: int, size: int, *, last_batch: str, seed: int, epoch: int
) -> Iterator[np.ndarray]:
    """Yield the indices, shape `(size,)`, of each batch of one epoch of training.

    The order depends on seed and epoch alone: SB and LB of one seed see the same one.
    """
    order = streams.generator("data order", seed, epoch).permutation(examples)
    stop = examples_of_epoch(examples, size, last_batch)
    for start in range(0, stop, size):
        yield order[start : start + size]


def examples_of_epoch(examples: int, size: int, last_batch: str) -> int:
    """Return how many of `examples` one epoch of training sees."""
    return examples if last_batch == "keep" else examples - examples % size


def evaluation_batches(split: str, examples: int, size: int) -> list[np.ndarray]:
    """Return the index arrays of the evaluation batches of `split`.

    One permutation, the same for every checkpoint, cut into `ceil(examples / size)`
    nearly equal parts: with batch statistics the composition of the batches is part of
    the function that is evaluated.
    """
    order = streams.generator("evaluation order", split).permutation(examples)
    return np.array_split(order, math.ceil(examples / size))
