"""The noise scale has its closed form, and an interval that covers it."""

import numpy as np
import pytest

from sharpminima.measures import noise_scale

EXAMPLES, DIMENSIONS = 240, 6


class Regression:
    """The gradients of linear regression, (x.w - y) x for each example, at one w.

    Inputs are N(0, I), and w lies at `distance` from the truth, along a diagonal.
    """

    def __init__(self, seed=0, *, examples=EXAMPLES, distance=0.5, noise=1.0):
        rng = np.random.default_rng(seed)
        inputs = rng.normal(size=(examples, DIMENSIONS))
        self.error = np.full(DIMENSIONS, distance / np.sqrt(DIMENSIONS))
        residuals = inputs @ self.error + noise * rng.normal(size=examples)
        self.each, self.passes = residuals[:, None] * inputs, []
        # Those of the population, by Isserlis' theorem.
        variance = noise**2 + distance**2
        self.trace = DIMENSIONS * variance + distance**2
        self.scale = self.trace / distance**2

    def __call__(self, batches):
        self.passes.append(np.array(batches))
        for indices in batches:
            yield self.each[indices].mean(axis=0)

    def exact(self):
        """Return tr(Sigma), |G|^2 and their ratio for this set of examples."""
        trace, mean = self.each.var(axis=0, ddof=1).sum(), self.each.mean(axis=0)
        return trace, mean @ mean, trace / (mean @ mean)


class ByMoments(Regression):
    """The same with something like batch normalisation: it follows the whole batch."""

    def __call__(self, batches):
        for indices, mean in zip(batches, super().__call__(batches)):
            part = self.each[indices]
            yield mean + 0.3 * part.std(axis=0) * np.sign(part[:, :1].mean())


def measured(gradients, *, small=8, pairs=4, seed=0, examples=EXAMPLES):
    settings = {"small_batches": [small], "pairs": pairs}
    (row,) = noise_scale.measure(gradients, examples, settings, seed)
    return row


def test_known_noise_of_a_regression_is_found():
    """With so many examples, the set's own noise is close to the population's."""
    many = Regression(examples=20_000)
    row = measured(many, small=10, examples=20_000)
    assert row["noise_trace"] == pytest.approx(many.trace, rel=0.05)
    assert row["noise_scale"] == pytest.approx(many.scale, rel=0.05)
    assert row["noise_scale_low"] < row["noise_scale"] < row["noise_scale_high"]
    assert row["large_batch"] == 20_000


@pytest.mark.parametrize("small", [2, 8, 60])
def test_both_estimates_have_no_bias(small):
    """Also where a pass is the whole, finite set, of which the batch is a quarter."""
    regression = Regression()
    trace, square, _ = regression.exact()
    rows = [measured(regression, small=small, seed=seed) for seed in range(100)]
    for name, exact in (("noise_trace", trace), ("squared_gradient", square)):
        found = np.array([row[name] for row in rows])
        error = found.std() / np.sqrt(len(found))
        assert abs(found.mean() - exact) < 4 * error + 1e-12 * exact
        assert error < 0.02 * exact


def test_examples_that_make_no_whole_batch_bias_nothing():
    regression = Regression(examples=47)
    trace, square, _ = regression.exact()
    given = {"small": 8, "pairs": 2, "examples": 47}
    rows = [measured(regression, seed=seed, **given) for seed in range(400)]
    assert rows[0]["large_batch"] == 40
    for name, exact in (("noise_trace", trace), ("squared_gradient", square)):
        found = np.array([row[name] for row in rows])
        assert abs(found.mean() - exact) < 4 * found.std() / np.sqrt(len(found))


@pytest.mark.parametrize(
    ("gradients", "small"), [(Regression(1), 8), (ByMoments(1), 8), (ByMoments(1), 24)]
)
def test_the_interval_covers_at_its_rate(gradients, small):
    rows = [measured(gradients, small=small, seed=seed) for seed in range(300)]
    noise = np.mean([row["noise_trace"] for row in rows])
    square = np.mean([row["squared_gradient"] for row in rows])
    covering = [
        row["noise_scale_low"] <= noise / square <= row["noise_scale_high"]
        for row in rows
    ]
    # Three standard deviations around 95 %.
    assert 0.91 <= np.mean(covering) <= 0.99


def test_two_passes_of_a_pair_are_independent_and_batches_do_not_overlap():
    regression = Regression()
    measured(regression, pairs=2)
    assert [each.shape for each in regression.passes] == [(30, 8)] * 4
    for each in regression.passes:
        assert sorted(each.ravel()) == list(range(EXAMPLES))
    assert len({each.tobytes() for each in regression.passes}) == 4


def test_a_seed_sees_the_same_batches_wherever_it_is_measured():
    one, other, third = Regression(), Regression(5), Regression()
    for gradients, seed in ((one, 0), (other, 0), (third, 1)):
        measured(gradients, seed=seed)
    assert np.array_equal(one.passes, other.passes)
    assert not np.array_equal(one.passes, third.passes)


def test_a_gradient_that_noise_hides_has_no_upper_end():
    def only_moments(batches):
        rng = np.random.default_rng(sum(map(len, batches)) + batches[0][0])
        for _ in batches:
            yield rng.normal(size=DIMENSIONS)

    rows = [measured(only_moments, seed=seed) for seed in range(20)]
    assert all(row["noise_scale_high"] == np.inf for row in rows[:3])
    lost = [row for row in rows if row["squared_gradient"] <= 0]
    assert 0 < len(lost) < 20
    assert np.isnan([row["noise_scale"] for row in lost]).all()


def test_a_gradient_that_is_not_finite_has_no_values():
    row = measured(lambda batches: [np.full(3, np.nan)] * len(batches))
    ends = ("noise_scale", "noise_scale_low", "noise_scale_high")
    assert np.isnan([row[name] for name in ends]).all()


def test_a_diverged_run_has_the_same_columns_without_values():
    settings = {"small_batches": [8, 16], "pairs": 3}
    found = list(noise_scale.measure(Regression(), EXAMPLES, settings, 0))
    missing = list(noise_scale.not_measured(settings))
    assert [row["small_batch"] for row in found] == [8, 16]
    for row, without in zip(found, missing, strict=True):
        assert list(row) == list(without)
        assert without["small_batch"] == row["small_batch"]
        assert np.isnan([without[name] for name in noise_scale.MEASURED]).all()


def test_a_plan_counts_the_passes_at_the_end_or_at_kept_iterates():
    config = {"noise_scale": {"small_batches": [8, 16], "pairs": 3}}
    config["regimes"] = {"SB": {}, "SB-iterates": {"iterates": [0, 1, 5]}}
    passes = {"SB": 12, "SB-iterates": 36}
    for regime, gradients in passes.items():
        planned = noise_scale.planned(config, {"regime": regime})
        assert planned.gradients == gradients
