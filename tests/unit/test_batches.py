"""Batches: exact fractions, no batch of one, one order for every regime."""

import numpy as np
import pytest

from sharpminima import batches


@pytest.mark.parametrize("examples", [4000, 4005, 60000, 721329, 50009])
@pytest.mark.parametrize("last_batch", ["keep", "drop"])
def test_ten_percent_makes_ten_updates_an_epoch(examples, last_batch):
    regime = {"batch_fraction": 0.1, "last_batch": last_batch}
    size = batches.batch_size(regime, examples)
    epoch = batches.epoch_batches(
        examples, size, last_batch=last_batch, seed=0, epoch=0
    )
    assert len(list(epoch)) == 10


@pytest.mark.parametrize(
    ("fraction", "examples", "size"),
    [(0.1, 30, 3), (0.3, 20, 6), (0.7, 10, 7), (1.0, 7, 7)],
)
def test_a_fraction_is_the_decimal_that_was_written(fraction, examples, size):
    """In binary, 0.1 * 30 is a little more than 3, and its ceiling would be 4."""
    regime = {"batch_fraction": fraction, "last_batch": "keep"}
    assert batches.batch_size(regime, examples) == size


@pytest.mark.parametrize(
    ("regime", "message"),
    [
        ({"batch_size": 101}, "not be larger than .* 100 examples. Received: 101"),
        ({"batch_fraction": 0.001}, "at least 2 examples. Received: 1"),
        ({"batch_size": 33}, "a last batch of one example"),
    ],
)
def test_impossible_batches_are_refused(regime, message):
    with pytest.raises(ValueError, match=message):
        batches.batch_size({**regime, "last_batch": "keep"}, 100)


def test_dropping_the_last_batch_of_one_is_fine():
    assert batches.batch_size({"batch_size": 33, "last_batch": "drop"}, 100) == 33


def orders(size, **which):
    return np.concatenate(list(batches.epoch_batches(100, size, **which)))


def test_every_regime_of_a_seed_sees_the_same_order():
    which = {"last_batch": "keep", "seed": 4, "epoch": 2}
    np.testing.assert_array_equal(orders(7, **which), orders(50, **which))


@pytest.mark.parametrize("other", [{"seed": 5, "epoch": 2}, {"seed": 4, "epoch": 3}])
def test_seeds_and_epochs_have_orders_of_their_own(other):
    order = orders(10, last_batch="keep", seed=4, epoch=2)
    assert (order != orders(10, last_batch="keep", **other)).any()


def test_an_epoch_holds_every_example_once():
    assert sorted(orders(8, last_batch="keep", seed=0, epoch=0)) == list(range(100))
    assert len(orders(8, last_batch="drop", seed=0, epoch=0)) == 96


def test_evaluation_batches_are_nearly_equal_and_fixed():
    cut = batches.evaluation_batches("train", 12001, 5000)
    assert [len(part) for part in cut] == [4001, 4000, 4000]
    assert sorted(np.concatenate(cut)) == list(range(12001))
    again = batches.evaluation_batches("train", 12001, 5000)
    np.testing.assert_array_equal(np.concatenate(cut), np.concatenate(again))
    other = batches.evaluation_batches("test", 12001, 5000)
    assert (np.concatenate(cut) != np.concatenate(other)).any()
