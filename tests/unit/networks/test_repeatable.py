"""What is no function of weights and example is refused, and rounding is not."""

import numpy as np
import pytest

from sharpminima.networks import repeatable

EXAMPLES = 8
RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(EXAMPLES, 3)).astype(np.float32)
PLACES = np.float32(1 + 0.01 * np.arange(EXAMPLES // 2)[:, None])


def check(logits, batches_matter=False):
    given = logits, EXAMPLES
    repeatable.check(*given, where="this", batches_matter=batches_matter)


def with_moments(indices):
    """Depend on the batch as batch normalisation does."""
    return LOGITS[indices] - LOGITS[indices].mean(axis=0)


@pytest.mark.parametrize("batches_matter", [True, False])
@pytest.mark.parametrize("factor", [1, np.nan, np.inf])
def test_a_function_of_the_example_passes(factor, batches_matter):
    found = LOGITS * np.float32(factor)
    check(lambda indices: found[indices], batches_matter)


def test_rounding_passes_after_a_shuffle():
    order = np.arange(EXAMPLES)

    def rounding(indices):
        shuffled = (
            not np.isin(indices, np.split(order, 2)).all()
            or (np.diff(indices) != 1).any()
        )
        return LOGITS[indices] * np.float32(1 + 1e-6 * shuffled)

    check(rounding)


def test_a_second_evaluation_must_agree_to_the_bit():
    calls = []

    def counting(indices):
        calls.append(indices)
        return LOGITS[indices] * np.float32(1 + 1e-7 * len(calls))

    with pytest.raises(ValueError, match=r"^this: must give .* a second evaluation of"):
        check(counting)


@pytest.mark.parametrize("batches_matter", [True, False])
def test_logits_may_not_depend_on_the_place_in_the_batch(batches_matter):
    """So does dropout that draws the same mask at each call."""
    order = "order of the" if batches_matter else "other"
    with pytest.raises(
        ValueError, match=f"by 0.0[0-9]+ with the {order} examples in a"
    ):
        check(lambda indices: LOGITS[indices] * PLACES, batches_matter)


def test_logits_may_depend_on_the_batch_where_batches_matter():
    check(with_moments, batches_matter=True)
    with pytest.raises(ValueError, match="with the other examples in a batch"):
        check(with_moments)
