"""Schedules: epochs become updates, and each update has its rate, in closed form."""

import math

import numpy as np
import pytest

from sharpminima.training import schedules

pytestmark = pytest.mark.computes
RATE, EXAMPLES = 0.1, 100
SETTINGS = {"learning_rate": RATE, "batch_size": 10, "last_batch": "keep"}
WARMUP = {"warmup_epochs": 1}


def rates(updates, *, max_epochs=4, **changes):
    """Return the learning rates of these updates; an epoch has 10 of them."""
    settings = {**SETTINGS, "stopping": {"max_epochs": max_epochs}, **changes}
    rate = schedules.learning_rate(settings, EXAMPLES)
    return [float(rate(np.int32(update))) for update in updates]


def close(values):
    return pytest.approx(values, rel=1e-5, abs=1e-8)


def test_a_constant_rate_is_a_number():
    settings = {**SETTINGS, "schedule": {"name": "constant"}}
    assert schedules.learning_rate(settings, EXAMPLES) == RATE
    assert schedules.learning_rate(SETTINGS, EXAMPLES) == RATE


def test_a_step_comes_after_the_last_update_of_its_epoch():
    step = {"name": "step", "epochs": [2, 4], "factor": 0.5}
    found = rates([0, 19, 20, 39, 40, 1000], schedule=step)
    assert found == close([0.1, 0.1, 0.05, 0.05, 0.025, 0.025])


def test_a_cosine_falls_to_its_share_and_stays_there():
    cosine = {"name": "cosine", "epochs": 2, "final": 0.2}
    found = rates([0, 5, 10, 20, 30], schedule=cosine)
    quarter = 0.1 * (0.2 + 0.8 * (1 + math.cos(math.pi / 4)) / 2)
    assert found == close([0.1, quarter, 0.06, 0.02, 0.02])


@pytest.mark.parametrize("max_epochs", [2, 4])
def test_a_cosine_ends_with_training_at_zero_by_default(max_epochs):
    schedule = {"name": "cosine"}
    ends = [5 * max_epochs, 10 * max_epochs]
    found = rates(ends, max_epochs=max_epochs, schedule=schedule)
    assert found == close([0.05, 0])


@pytest.mark.parametrize(
    ("schedule", "later"),
    [
        ({"name": "constant"}, {25: 0.1, 1000: 0.1}),
        ({"name": "step", "epochs": [2], "factor": 0.5}, {19: 0.1, 20: 0.05}),
        ({"name": "cosine"}, {25: 0.05, 40: 0.0}),
    ],
)
def test_warm_up_rises_in_equal_steps_to_the_full_rate(schedule, later):
    found = rates([0, 4, 9, 10], schedule=schedule | WARMUP)
    assert found == close([0.01, 0.05, 0.1, 0.1])
    assert rates(later, schedule=schedule | WARMUP) == close(list(later.values()))


def test_a_growing_batch_makes_fewer_updates_an_epoch():
    """Batches of 10, 20, 40, 40: epochs of 10, 5, 3 and 3 updates."""
    growth = {"factor": 2, "every_epochs": 1, "largest_fraction": 0.4}
    step = {"name": "step", "epochs": [1, 2, 4], "factor": 0.1}
    found = rates([9, 10, 14, 15, 20, 21], schedule=step, growth=growth)
    assert found == close([0.1, 0.01, 0.01, 0.001, 0.001, 0.0001])


def test_dropped_batches_are_no_updates():
    step = {"name": "step", "epochs": [1], "factor": 0.1}
    found = rates([3, 4], schedule=step, batch_size=24, last_batch="drop")
    assert found == close([0.1, 0.01])


def test_several_updates_of_a_batch_count_each():
    step = {"name": "step", "epochs": [2], "factor": 0.5}
    several = {"weight": 0.1, "iterations": 3}
    found = rates([59, 60], schedule=step, conservative=several)
    assert found == close([0.1, 0.05])
