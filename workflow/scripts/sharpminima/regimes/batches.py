"""How examples are cut into batches, in training and in evaluation.

Knows nothing of Keras, so that a config is checked with it before any job runs.
"""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from sharpminima import streams


def batch_size(regime: dict, examples: int, epoch: int = 0) -> int:
    """Return the batch size of a regime on a training set of `examples` examples.

    A fraction is taken as the decimal that was written, exactly, and rounded so that
    0.1 always makes 10 updates an epoch: up when the last batch is kept, down when it
    is dropped.

    Args:
        regime: `batch_size`, or `batch_fraction` in (0, 1], and `last_batch`, `keep`
            or `drop`; `growth`, if the batch grows, see `stages`.
        examples: Size of the training set.
        epoch: Which one; the first is 0.

    Raises:
        ValueError: If the batch is larger than the training set, or if any batch,
            the last one included, would hold a single example: batch normalisation
            has no variance there.
    """
    *_, (size, _) = stages(regime, examples, epoch + 1)
    return size


def stages(regime: dict, examples: int, epochs: int) -> Iterator[tuple[int, int]]:
    """Yield the batch sizes of the first `epochs` epochs, and for how many each holds.

    With `growth`, the batch becomes `factor` times larger every `every_epochs` epochs,
    rounded down, until it holds the share `largest_fraction` of the training set: the
    dynamic sampling of section 4 (Byrd et al. 2012; Friedlander and Schmidt 2012), here
    by the clock, as in Smith et al. 2018 (arXiv:1711.00489).

    Args:
        regime: What `batch_size` takes.
        examples: Size of the training set.
        epochs: How many.

    Raises:
        ValueError: If one of the sizes is none, see `batch_size`.
    """
    size = _first_size(regime, examples)
    if growth := regime.get("growth"):
        every, exact = growth["every_epochs"], Fraction(size)
        largest = _share(growth["largest_fraction"], regime, examples)
        if size > largest:
            raise ValueError(
                f"growth.largest_fraction must hold the first batch, {size} examples. "
                f"Received: {growth['largest_fraction']}, which holds {largest}"
            )
        while epochs > every and size < largest:
            yield _possible(size, regime, examples), every
            epochs -= every
            exact *= Fraction(str(growth["factor"]))
            size = min(math.floor(exact), largest)
    yield _possible(size, regime, examples), epochs


def updates(regime: dict, examples: int, epochs: int) -> int:
    """Return how many updates the first `epochs` epochs make, an update a batch."""
    last = regime["last_batch"]
    return sum(
        ran * math.ceil(examples_of_epoch(examples, size, last) / size)
        for size, ran in stages(regime, examples, epochs)
    )


def examples_seen(regime: dict, examples: int, epochs: int) -> int:
    """Return how many examples the first `epochs` epochs of training see."""
    last = regime["last_batch"]
    return sum(
        ran * examples_of_epoch(examples, size, last)
        for size, ran in stages(regime, examples, epochs)
    )


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


def _first_size(regime, examples):
    if "batch_size" in regime:
        return regime["batch_size"]
    return _share(regime["batch_fraction"], regime, examples)


def _share(fraction, regime, examples):
    exact = Fraction(str(fraction)) * examples
    return (math.ceil if regime["last_batch"] == "keep" else math.floor)(exact)


def _possible(size, regime, examples):
    """Return `size`, if every batch can have it."""
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
