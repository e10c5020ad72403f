"""Batches: how examples are cut into them, in training and in evaluation.

Knows nothing of Keras, so that a config can be checked before any job runs.
"""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from sharpminima import streams


def batch_size(regime: dict, examples: int, epoch: int = 0) -> int:
    """Return the batch size of a regime on a training set of `examples` examples.

    A fraction is the exact decimal in the config. The batch size is rounded up if the
    last batch is kept, and down if it is dropped, so that 0.1 always makes 10 updates
    an epoch.

    Args:
        regime: `batch_size`, or `batch_fraction` in (0, 1]; `last_batch`, which is
            `keep` or `drop`; and `growth` if the batch grows (see `stages`).
        examples: Size of the training set.
        epoch: Number of the epoch, from 0.

    Raises:
        ValueError: If the batch is larger than the training set, or if any batch, even
            the last one, would hold a single example. Batch normalisation has no
            variance there.
    """
    # The epoch's size is the one in the last stage that reaches it.
    *_, (size, _) = stages(regime, examples, epoch + 1)
    return size


def stages(regime: dict, examples: int, epochs: int) -> Iterator[tuple[int, int]]:
    """Yield each batch size of the first `epochs` epochs and how many epochs it lasts.

    With `growth`, the batch becomes `factor` times larger every `every_epochs` epochs,
    rounded down, until it holds the share `largest_fraction` of the training set. This
    is the dynamic sampling of section 4 (Byrd et al. 2012; Friedlander and Schmidt
    2012). Here the batch grows by the clock, as in Smith et al. 2018
    (arXiv:1711.00489).

    Args:
        regime: The settings that `batch_size` takes.
        examples: Size of the training set.
        epochs: How many epochs to cover.

    Raises:
        ValueError: If one of the sizes is impossible (see `batch_size`).
    """
    size = (
        regime["batch_size"]
        if "batch_size" in regime
        else _share(regime["batch_fraction"], regime, examples)
    )
    if growth := regime.get("growth"):
        # The exact size keeps growing, so that rounding does not add up.
        every, exact = growth["every_epochs"], Fraction(size)
        largest = _share(growth["largest_fraction"], regime, examples)
        if size > largest:
            raise ValueError(
                f"growth.largest_fraction must hold the first batch, {size} examples. "
                f"Received: {growth['largest_fraction']}, which holds {largest}"
            )
        # The last stage is left to the final `yield`, however long it lasts.
        while epochs > every and size < largest:
            yield _possible(size, regime, examples), every
            epochs -= every
            exact *= Fraction(str(growth["factor"]))
            size = min(math.floor(exact), largest)
    yield _possible(size, regime, examples), epochs


def updates(regime: dict, examples: int, epochs: int) -> int:
    """Return how many batches the first `epochs` epochs have, an update for each."""
    last = regime["last_batch"]
    return sum(
        ran * math.ceil(examples_of_epoch(examples, size, last) / size)
        for size, ran in stages(regime, examples, epochs)
    )


def examples_seen(regime: dict, examples: int, epochs: int) -> int:
    """Return how many examples training sees in its first `epochs` epochs."""
    last = regime["last_batch"]
    return sum(
        ran * examples_of_epoch(examples, size, last)
        for size, ran in stages(regime, examples, epochs)
    )


def epoch_batches(
    examples: int, size: int, *, last_batch: str, seed: int, epoch: int
) -> Iterator[np.ndarray]:
    """Yield the indices of the examples in each batch of one epoch.

    The order depends only on seed and epoch, so SB and LB of one seed see the same
    order.

    Args:
        examples: Size of the training set.
        size: The batch size.
        last_batch: `keep` or `drop` a smaller last batch.
        seed: The run's seed.
        epoch: Number of the epoch, from 0.

    Yields:
        Shape `(size,)`; the last one may be shorter.
    """
    order = streams.generator("data order", seed, epoch).permutation(examples)
    stop = examples_of_epoch(examples, size, last_batch)
    for start in range(0, stop, size):
        yield order[start : start + size]


def examples_of_epoch(examples: int, size: int, last_batch: str) -> int:
    """Return how many of `examples` training sees in one epoch."""
    return examples if last_batch == "keep" else examples - examples % size


def evaluation_batches(split: str, examples: int, size: int) -> list[np.ndarray]:
    """Return the indices of the examples in each evaluation batch of a set.

    The batches are `ceil(examples / size)` nearly equal parts of one permutation. Every
    checkpoint gets the same ones: where batch normalisation uses the moments of a
    batch, the loss depends on which examples share it.

    Args:
        split: `train` or `test`.
        examples: Size of that set.
        size: The largest batch.
    """
    order = streams.generator("evaluation order", split).permutation(examples)
    return np.array_split(order, math.ceil(examples / size))


def _share(fraction, regime, examples):
    # The decimal as written: in binary, 0.1 is a little more, and would be rounded up.
    exact = Fraction(str(fraction)) * examples
    return (math.ceil if regime["last_batch"] == "keep" else math.floor)(exact)


def _possible(size, regime, examples):
    """Return `size` if every batch can have it, else raise a ValueError."""
    if size > examples:
        raise ValueError(
            f"a batch must not be larger than the training set of {examples} examples. "
            f"Received: {size}"
        )
    if size < 2:
        raise ValueError(f"a batch must hold at least 2 examples. Received: {size}")
    # One example has no variance, which batch normalisation divides by.
    if regime["last_batch"] == "keep" and examples % size == 1:
        raise ValueError(
            f"{examples} examples in batches of {size} leave a last batch of one "
            "example. Choose another size, or `last_batch: drop`"
        )
    return size
