"""Frames are normalised by the training set and spliced inside their utterance."""

import itertools
import tracemalloc

import numpy as np
import pytest

from sharpminima.data import frames

EVERY = np.arange(7)
AT = frames.boundaries([3, 4])


def naive_splice(stored, at, context):
    """Repeat the edges of each utterance, then lay shifted copies side by side."""
    spliced = []
    for start, stop in itertools.pairwise(at):
        padded = np.pad(stored[start:stop], ((context, context), (0, 0)), mode="edge")
        shifts = range(2 * context + 1)
        spliced.append(np.hstack([padded[s : s + stop - start] for s in shifts]))
    return np.concatenate(spliced)


@pytest.mark.parametrize("context", [0, 1, 4])
def test_neighbours_end_where_the_utterance_does(context):
    stored = np.random.default_rng(0).normal(size=(7, 2))
    spliced = frames.splice(stored, AT, context, EVERY)
    np.testing.assert_array_equal(spliced, naive_splice(stored, AT, context))


def test_only_the_frames_that_are_kept_are_spliced():
    stored = np.random.default_rng(0).normal(size=(7, 2))
    kept = np.array([1, 2, 3, 6])
    spliced = frames.splice(stored, AT, 4, kept)
    np.testing.assert_array_equal(spliced, naive_splice(stored, AT, 4)[kept])


def test_the_training_set_normalises_both_sets():
    rng = np.random.default_rng(0)
    train, test = rng.normal(3, [1, 5], (500, 2)), rng.normal(4, 1, (50, 2))
    a, b = frames.normalised(train, test)
    np.testing.assert_allclose(a.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(a.std(0), 1, rtol=1e-6)
    expected = (test - train.mean(0)) / train.std(0)
    np.testing.assert_allclose(b, expected, rtol=1e-4, atol=1e-5)


def test_a_feature_that_never_varies_stays_finite():
    train, test = frames.normalised(np.full((4, 1), 2.0), np.array([[2.0], [3.0]]))
    assert train.ravel().tolist() == [0.0] * 4
    assert test.ravel().tolist() == [0.0, 1.0]


def test_splicing_takes_less_than_twice_the_memory_of_its_result():
    stored = np.zeros((20_000, 40), np.float32)
    at, kept = frames.boundaries([20_000]), np.arange(20_000)
    tracemalloc.start()
    spliced = frames.splice(stored, at, 4, kept)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert spliced.shape == (20_000, 360)
    assert peak < 2 * spliced.nbytes
