"""Conservative training: the sub-problem's steps by hand, and where it is plain."""

from functools import partial

import numpy as np
import pytest

import training_runs as small
from sharpminima.training.conservative import conservative

pytestmark = pytest.mark.computes


def settings(weight, iterations):
    return {"conservative": {"weight": weight, "iterations": iterations}}


def test_each_iteration_is_pulled_to_where_the_batch_began(model, dataset):
    """By hand in float64; the optimizer's momentum lasts from batch to batch."""
    x = dataset.x_train.astype(np.float64)
    hits = np.eye(3)[dataset.y_train]

    def gradient(point, batch):
        logits = x[batch] @ point[:6].reshape(2, 3) + point[6:]
        by_logits = (small.softmax(logits) - hits[batch]) / len(batch)
        return np.concatenate([(x[batch].T @ by_logits).ravel(), by_logits.sum(0)])

    cut = [np.arange(45), np.arange(45, 90)]
    point, velocity = np.float64(small.point(model)), 0.0
    for batch in cut:
        start = point
        for _ in range(3):
            slope = gradient(point, batch) + 0.3 * (point - start)
            velocity = 0.5 * velocity - slope
            point = point + velocity
    around = partial(conservative, weight=0.3, iterations=3)
    small.descend(model, dataset, cut, momentum=0.5, around=around)
    np.testing.assert_allclose(small.point(model), point, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("build", [small.with_dropout, small.convolutional])
def test_one_iteration_is_plain_training_to_the_bit(build):
    dataset = small.images()
    plain, other = (build(dataset) for _ in range(2))
    seen = small.epochs(plain, dataset)
    assert small.epochs(other, dataset, **settings(0.0, 1)) == seen
    np.testing.assert_array_equal(small.point(plain), small.point(other))


@pytest.mark.parametrize("build", [small.with_dropout, small.convolutional])
def test_without_weight_each_batch_makes_three_plain_updates(build):
    dataset = small.images()
    plain, other = (build(dataset) for _ in range(2))
    cut = np.split(np.random.default_rng(0).permutation(90), [30, 60])
    thrice = [batch for batch in cut for _ in range(3)]
    small.descend(plain, dataset, thrice, rate=0.01)
    around = partial(conservative, weight=0.0, iterations=3)
    small.descend(other, dataset, cut, rate=0.01, around=around)
    np.testing.assert_allclose(small.point(plain), small.point(other), atol=1e-6)
    for value, same in zip(small.state(plain), small.state(other), strict=True):
        np.testing.assert_allclose(value, same, rtol=1e-5, atol=1e-6)


def test_the_loss_of_a_batch_is_the_one_before_its_first_iteration(dataset):
    plain, other = (small.linear(dataset) for _ in range(2))
    seen = small.descend(plain, dataset, small.EVERYTHING)
    around = partial(conservative, weight=0.3, iterations=3)
    assert small.descend(other, dataset, small.EVERYTHING, around=around) == seen


def test_a_huge_weight_stays_within_a_few_steps_of_the_starting_point(dataset):
    """180 batches: ADAM, whose steps are about the learning rate, is turned back."""
    farthest = {}
    for name, remedy in {"plain": {}, "held": settings(1e6, 3)}.items():
        model = small.with_dropout(dataset)
        start = small.point(model)
        small.epochs(model, dataset, 20, learning_rate=1e-3, **remedy)
        farthest[name] = np.abs(small.point(model) - start).max() / 1e-3
    assert 0.1 < farthest["held"] < 3
    assert farthest["plain"] > 50
