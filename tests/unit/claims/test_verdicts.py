"""Verdicts, intervals and p-values of made-up effects."""

import numpy as np
import pandas as pd
import pytest

from sharpminima.claims import verdicts

NAN = float("nan")


def judged(values, bound=0.0):
    return verdicts.judge(pd.Series(values, dtype=float), bound)


def test_rounding_is_no_effect():
    found = judged([1e-14, 2e-14, 3e-14])
    assert (found["verdict"], found["effect"]) == ("undecided", 0.0)


@pytest.mark.parametrize(
    ("values", "bound", "verdict"),
    [
        ([1, 2, 3], 0, "reproduced"),
        ([1, 2, 3], 2.5, "undecided"),
        ([1, 2, 3], 2, "undecided"),
        ([100, 100, -1], 0, "undecided"),
        ([-1, -2, -3], 0, "contradicted"),
        ([-1, -2, -3], 2.5, "undecided"),
        ([1, 0, 1], 0, "undecided"),
        ([1, NAN, 1], 0, "undecided"),
        ([], 0, "not studied"),
    ],
)
def test_a_verdict_needs_every_sign_and_the_bound(values, bound, verdict):
    assert judged(values, bound)["verdict"] == verdict


def test_every_effect_of_a_seed_counts_for_the_sign_and_its_mean_for_the_rest():
    values = pd.Series([1.0, 3, 4, 6, -1, 5], index=[0, 0, 1, 1, 2, 2])
    row = verdicts.judge(values, 0.0)
    assert (row["seeds"], row["effect"]) == (3, 3.0)
    assert row["verdict"] == "undecided"
    assert verdicts.judge(values.abs(), 0.0)["verdict"] == "reproduced"


def test_the_interval_is_students():
    row = judged([1.0, 2.0, 3.0])
    half = 4.302652729911275 / np.sqrt(3)  # the 97.5 % quantile with two degrees
    assert (row["low"], row["high"]) == pytest.approx((2 - half, 2 + half))


def test_one_seed_has_no_interval():
    row = judged([1.0])
    assert np.isnan([row["low"], row["high"]]).all()
    assert (row["p"], row["smallest_p"]) == (1.0, 1.0)


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_the_smallest_p_is_that_of_equal_signs(seeds):
    row = judged(np.arange(1, seeds + 1))
    assert row["p"] == row["smallest_p"] == 2.0 ** (1 - seeds)


def test_p_counts_the_patterns_of_signs_that_are_as_extreme():
    """Of the eight sums of 3, 2 and -1 with any signs, 4 or more: 6 and 4, twice."""
    assert judged([3.0, 2.0, -1.0])["p"] == 0.5
    assert judged([1.0, -1.0])["p"] == 1.0


def test_many_seeds_take_drawn_signs_the_same_each_time():
    values = np.linspace(-1.0, 2.0, 20)
    first, second = judged(values), judged(values)
    assert first["p"] == second["p"]
    assert 0 < first["smallest_p"] < 1e-4
