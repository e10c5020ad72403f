"""Intervals of means over pairs that share seeds."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sharpminima.tables.summaries.jackknife import over_seeds

NAN = float("nan")


def pairs(values, seeds, kind="a"):
    rows = [(kind, *two, value) for two, value in zip(seeds, values)]
    return pd.DataFrame(rows, columns=["kind", "first_seed", "second_seed", "value"])


def interval(values, seeds):
    return over_seeds(pairs(values, seeds), ["kind"], "value").iloc[0].tolist()


def test_pairs_of_one_seed_have_students_interval():
    values = [3.0, 5.0, 4.5, 9.0]
    mean, low, high = interval(values, [(s, s) for s in range(4)])
    expected = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert mean == pytest.approx(np.mean(values))
    assert (low, high) == pytest.approx(expected)


def test_three_seeds_by_hand():
    """Without seed 0, the pair of 1 and 2 is left, and so on."""
    mean, low, _ = interval([1.0, 2.0, 6.0], [(0, 1), (0, 2), (1, 2)])
    error = np.sqrt(2 / 3 * ((6 - 3) ** 2 + (2 - 3) ** 2 + (1 - 3) ** 2))
    assert mean == 3.0
    assert mean - low == pytest.approx(stats.t.ppf(0.975, 2) * error)


def test_there_are_as_many_independent_values_as_seeds():
    """Four seeds make six pairs. Without one of them, three are left."""
    seeds, values = [*itertools.combinations(range(4), 2)], np.array([1, 3, 2, 8, 4, 6])
    mean, _, high = interval(values.astype(float), seeds)
    without = [values[[s not in pair for pair in seeds]].mean() for s in range(4)]
    error = np.sqrt(3 / 4 * np.sum((without - np.mean(without)) ** 2))
    assert high - mean == pytest.approx(stats.t.ppf(0.975, 3) * error)


@pytest.mark.parametrize("seeds", [[(0, 1)], [(0, 1), (1, 0)], [(3, 3)]])
def test_without_a_pair_that_lacks_a_seed_there_is_no_interval(seeds):
    mean, low, high = interval([2.0] * len(seeds), seeds)
    assert mean == 2.0
    assert np.isnan([low, high]).all()


def test_conditions_stand_apart_and_missing_values_do_not_count():
    seeds = [(0, 0), (1, 1), (2, 2)]
    rows = pd.concat(
        [pairs([1.0, 2.0, NAN], seeds), pairs([5.0, 5.0, 5.0], seeds, "b")]
    )
    table = over_seeds(rows, ["kind"], "value").reset_index()
    table = table.set_index("kind")
    assert table["value_mean"].tolist() == [1.5, 5.0]
    assert table.loc["b", "value_low"] == table.loc["b", "value_high"] == 5.0
    assert table.loc["a", "value_low"] < 0
    lost = over_seeds(pairs([NAN], [(0, 0)]), ["kind"], "value")
    assert lost.empty
    assert list(lost.columns) == ["value_mean", "value_low", "value_high"]


def test_the_interval_covers_the_mean_where_pairs_share_seeds():
    """Each run adds its own part to all its pairs. Pairs are then no independent
    values, and the usual interval misses the mean far too often."""
    rng, seeds = np.random.default_rng(0), [*itertools.combinations(range(6), 2)]
    first, second = np.array(seeds).T
    covered, naive = [], []
    for _ in range(300):
        of_seed = rng.normal(size=6)
        values = of_seed[first] + of_seed[second] + rng.normal(scale=0.3, size=15)
        _, low, high = interval(values, seeds)
        covered.append(low <= 0 <= high)
        usual = stats.t.interval(0.95, 14, values.mean(), stats.sem(values))
        naive.append(usual[0] <= 0 <= usual[1])
    assert 0.92 < np.mean(covered) <= 1.0
    assert np.mean(naive) < 0.85
