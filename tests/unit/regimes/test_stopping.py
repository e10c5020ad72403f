"""Training stops when the loss ceases to improve, by the same rule for all."""

import math

import pytest

from sharpminima.regimes.stopping import StoppingRule

RULE = StoppingRule(
    patience=3, relative_improvement=0.1, loss_floor=1e-4, min_epochs=5, max_epochs=9
)


def reasons(losses):
    return [RULE.reason(losses[: n + 1]) for n in range(len(losses))]


def test_improvement_goes_on():
    assert reasons([0.5**n for n in range(8)]) == [None] * 8


def test_a_plateau_ends_it_after_patience():
    losses = [1.0, 0.5, 0.4, 0.39, 0.38, 0.37, 0.36]
    assert reasons(losses) == [None] * 5 + ["ceased"] + ["ceased"]


def test_a_noisy_loss_is_judged_by_its_best():
    losses = [1.0, 0.5, 0.9, 0.9, 0.44, 0.9, 0.9, 0.9]
    assert reasons(losses) == [None] * 7 + ["ceased"]


def test_the_floor_ends_it_but_not_before_the_minimum():
    assert reasons([1.0, 9e-5, 9e-5, 9e-5, 9e-5]) == [None] * 4 + ["floor"]


def test_a_lucky_epoch_long_ago_is_not_the_floor():
    assert RULE.reason([1.0, 9e-5, 0.9, 0.8, 0.7]) == "ceased"


def test_the_maximum_ends_it():
    assert RULE.reason([0.5**n for n in range(9)]) == "max_epochs"


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_has_diverged(loss):
    assert RULE.reason([loss]) == "diverged"
