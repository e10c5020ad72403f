"""Batches: exact fractions, no batch of one, one order for every regime."""

import numpy as np
import pytest

from sharpminima.regimes import batches


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


def growing(size=10, last_batch="keep", **growth):
    standard = {"factor": 2, "every_epochs": 3, "largest_fraction": 0.5}
    chosen = {"batch_size": size, "last_batch": last_batch}
    return chosen | {"growth": standard | growth}


def sizes(regime, epochs, examples=98):
    return [batches.batch_size(regime, examples, epoch) for epoch in range(epochs)]


@pytest.mark.parametrize(
    ("growth", "expected"),
    [
        ({}, [10, 10, 10, 20, 20, 20, 40, 40, 40, 49, 49, 49]),
        ({"every_epochs": 1, "factor": 1.5}, [10, 15, 22, 33, 49, 49]),
        ({"every_epochs": 1, "factor": 1.1}, [10, 11, 12, 13, 14, 16, 17]),
        ({"largest_fraction": 0.1}, [10, 10, 10, 10]),
    ],
)
def test_a_growing_batch_is_multiplied_up_to_its_share(growth, expected):
    regime = growing(**growth)
    assert sizes(regime, len(expected)) == expected
    epochs = len(expected)
    stages = [
        size for size, ran in batches.stages(regime, 98, epochs) for _ in range(ran)
    ]
    assert stages == expected


def test_a_batch_that_does_not_grow_is_one_stage():
    regime = {"batch_size": 10, "last_batch": "keep"}
    assert list(batches.stages(regime, 100, 7)) == [(10, 7)]


@pytest.mark.parametrize(
    ("last_batch", "updates", "seen"),
    [("keep", 3 * 10 + 3 * 5 + 3, 700), ("drop", 3 * 10 + 3 * 5 + 2, 680)],
)
def test_updates_and_examples_are_those_of_every_size(last_batch, updates, seen):
    regime = growing(last_batch=last_batch)
    assert batches.updates(regime, 100, 7) == updates
    assert batches.examples_seen(regime, 100, 7) == seen
    assert batches.updates(regime, 100, 0) == 0


def test_an_impossible_size_is_refused_once_the_batch_reaches_it():
    regime = growing(factor=3.3)
    assert sizes(regime, 3, examples=100) == [10] * 3
    with pytest.raises(ValueError, match="100 examples in batches of 33 leave a last"):
        batches.batch_size(regime, 100, 3)
    assert batches.batch_size(growing(factor=3.3, last_batch="drop"), 100, 3) == 33


def test_a_first_batch_beyond_the_largest_is_refused():
    message = "must hold the first batch, 10 examples. Received: 0.05, which holds 5"
    with pytest.raises(ValueError, match=message):
        batches.batch_size(growing(largest_fraction=0.05), 100)


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
