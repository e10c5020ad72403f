"""Average-case sharpness has its closed form, and an error that covers it."""

import numpy as np
import pytest

from sharpminima.measures import average_sharpness

X = np.linspace(-2.0, 3.0, 40)
EPSILON = 0.1
HALF_WIDTHS = EPSILON * (np.abs(X) + 1.0)
CURVATURES = np.linspace(0.0, 5.0, 40)


def measured(loss, pairs=400, seed=0):
    settings = {"epsilon": EPSILON, "pairs": pairs}
    return average_sharpness.measure(loss, X, settings, seed)


def quadratic(x):
    """A bowl around X with a floor of 1 nat."""
    return 1.0 + 0.5 * float(CURVATURES @ (x - X) ** 2)


@pytest.mark.parametrize("seed", range(5))
def test_a_quadratic_rises_by_a_sixth_of_its_curvatures(seed):
    row = measured(quadratic, seed=seed)
    exact = float(CURVATURES @ HALF_WIDTHS**2) / 6.0
    assert abs(row["average_rise"] - exact) < 4.0 * row["standard_error"]
    assert row["standard_error"] < 0.02 * exact


def test_the_standard_error_is_that_of_the_mean():
    rises = [measured(quadratic, pairs=20, seed=seed) for seed in range(300)]
    deviation = np.std([row["average_rise"] for row in rises])
    stated = np.mean([row["standard_error"] for row in rises])
    assert stated == pytest.approx(deviation, rel=0.15)


def test_a_slope_cancels_in_each_pair():
    slope = np.full(40, 100.0)
    row = measured(lambda x: 2000.0 + float(slope @ (x - X)), pairs=5)
    assert abs(row["average_rise"]) < 1e-9
    assert row["standard_error"] < 1e-9


def test_the_rise_is_also_told_in_the_form_of_metric_2_1():
    row = measured(quadratic, pairs=3)
    assert row["loss_before"] == 1.0
    expected = 100.0 * row["average_rise"] / 2.0
    assert row["average_sharpness"] == pytest.approx(expected)


def test_every_point_stays_in_the_box():
    seen = []

    def loss(x):
        seen.append(np.abs(x - X))
        return 0.0

    measured(loss, pairs=50)
    assert len(seen) == 1 + 2 * 50
    assert (np.array(seen) <= HALF_WIDTHS).all()
    assert np.max(seen, axis=0) == pytest.approx(HALF_WIDTHS, rel=0.2)


def test_all_epsilons_see_the_same_directions():
    def seen(epsilon):
        points = []
        settings = {"epsilon": epsilon, "pairs": 3}
        average_sharpness.measure(lambda x: points.append(x) or 0.0, X, settings, 0)
        return [(x - X) / epsilon for x in points]

    np.testing.assert_allclose(seen(0.1), seen(0.05), atol=1e-12)


def test_the_same_seed_draws_the_same_points():
    assert measured(quadratic, pairs=4) == measured(quadratic, pairs=4)
    assert measured(quadratic, pairs=4) != measured(quadratic, pairs=4, seed=1)


def test_a_diverged_run_has_the_same_columns_without_values():
    found, settings = measured(quadratic, pairs=3), {"epsilon": EPSILON, "pairs": 3}
    missing = average_sharpness.not_measured(settings)
    assert list(missing) == list(found)
    assert {name: missing[name] for name in settings} == settings
    assert np.isnan([missing[name] for name in set(missing) - set(settings)]).all()


def test_a_plan_counts_the_point_itself_and_both_of_each_pair():
    planned = average_sharpness.planned({"average_sharpness": {"pairs": 7}}, {})
    assert (planned.train_losses, planned.gradients) == (15, 0)
