"""Work that is planned, counted by hand; the tiny study compares it with the ledger."""

import pytest

from project import default_config
from sharpminima.jobs.cost import Work
from sharpminima.measures.planned import Planned
from sharpminima.planning import planned_work
from sharpminima.regimes import derived


@pytest.fixture
def config():
    config = default_config()
    config["subset"] = {"train_examples": 1000, "test_examples": 100}
    config["interpolation"]["alphas"]["count"] = 5
    return config


def training(config, regime, epochs):
    return planned_work.of_training(config, {"network": "F1", "regime": regime}, epochs)


def measuring(config, name):
    job = {"rule": f"measure_{name}", "network": "F1"}
    return planned_work.of_measuring(config, job)


def seven_gradients(config):
    return planned_work.of_evaluations(config, "F1", Planned(gradients=7))


def test_training_sees_the_test_set_each_epoch_and_both_sets_at_the_end(config):
    planned = training(config, "SB", epochs=3)
    assert planned == Work(3 * 32, 3 * 100 + 1000 + 100, 3 * 1000)


def test_a_dropped_batch_is_no_update_and_not_seen(config):
    config["training"]["last_batch"] = "drop"
    planned = training(config, "SB", epochs=3)
    assert planned == Work(3 * 31, 3 * 100 + 1000 + 100, 3 * 31 * 32)


def test_a_growing_batch_makes_fewer_updates(config):
    growth = {"factor": 2, "every_epochs": 2, "largest_fraction": 0.1}
    config["regimes"]["SB"]["growth"] = growth
    planned = training(config, "SB", epochs=5)
    assert planned == Work(2 * 32 + 2 * 16 + 10, 5 * 100 + 1000 + 100, 5 * 1000)


@pytest.mark.parametrize(
    ("regime", "updates", "examples"),
    [
        *(("LB-augmented", 10, 1000), ("LB-conservative", 30, 3000)),
        *(("LB-adversarial", 10, 2000), ("LB-stability", 10, 2000)),
    ],
)
def test_remedies_update_more_often_or_see_examples_twice(
    config, regime, updates, examples
):
    plain = training(config, "LB", epochs=3)
    planned = training(config, regime, epochs=3)
    assert plain == Work(3 * 10, 3 * 100 + 1000 + 100, 3 * 1000)
    assert planned == Work(3 * updates, plain.forward_examples, 3 * examples)


def test_averaged_weights_see_the_training_set_once_more(config):
    plain = training(config, "SB", epochs=9)
    assert training(config, "SB-averaged", epochs=9) == plain + Work(0, 1000, 0)


def test_a_second_pass_is_taken_in_each_update_of_a_batch(config):
    config["training"]["conservative"] = {"weight": 0.1, "iterations": 4}
    planned = training(config, "LB-adversarial", epochs=3)
    assert planned == Work(3 * 40, 3 * 100 + 1000 + 100, 3 * 4 * 2000)


def test_measures_see_their_own_subset(config):
    config["subset"]["measure_examples"] = 40
    assert seven_gradients(config) == Work(7, 0, 7 * 40)
    assert measuring(config, "interpolation") == Work(0, 2 * 5 * (40 + 100), 0)


def test_without_a_subset_sizes_are_those_of_the_catalogue(config):
    config["subset"] = {}
    assert seven_gradients(config) == Work(7, 0, 7 * 4000)


def test_recalibration_sees_the_training_set_again(config):
    config["evaluation"]["batch_norm"] = "recalibrated"
    assert seven_gradients(config) == Work(7, 7 * 1000, 14 * 1000)
    both = 2 * 1000 + 1000 + 100
    assert measuring(config, "interpolation") == Work(0, 2 * 5 * both, 0)
    planned = training(config, "SB", epochs=3)
    assert planned.forward_examples == 3 * (1000 + 100) + both


@pytest.mark.parametrize(
    ("job", "epsilons"),
    [
        ({"rule": "measure_sharpness"}, 2),
        ({"rule": "measure_sharpness_at_epsilon", "epsilon": "0.001"}, 1),
    ],
)
def test_a_job_makes_each_search_at_its_epsilons(config, job, epsilons):
    config["sharpness"]["subspace"]["draws"] = 3
    planned = planned_work.planned(config, job)
    searches = {"full": 3, "adaptive": 0, "subspace": 3 * 2}
    assert planned.searches == {s: n * epsilons for s, n in searches.items()}
    # L-BFGS-B, its polish and a corner; each value is taken apart by one gradient.
    full, subspace = 12 + 3 + 10, 9 + 3
    assert planned.gradients == (full + 3 * subspace) * epsilons


def test_no_search_is_planned_beyond_its_evaluations(config):
    config["sharpness"]["max_evaluations"] = 5
    planned = planned_work.planned(config, {"rule": "measure_sharpness"})
    assert planned.gradients == 2 * ((6 + 3 + 6) + (6 + 3))


def test_a_reference_begins_at_the_minimum_and_at_each_corner(config):
    job = {"rule": "measure_sharpness_at_epsilon", "epsilon": "0.001"}
    without = planned_work.planned(config, job)
    config["sharpness"]["reference"]["corners"] = 3
    planned = planned_work.planned(config, job)
    assert planned.gradients == without.gradients + 4 * 80 + 1
    assert planned.searches == without.searches | {"full": 4}


def test_a_curve_searches_every_box_from_two_starts_but_the_first(config):
    config["sharpness"]["curve"]["epsilons"] = [1e-3, 1e-2, 1e-1]
    planned = planned_work.planned(config, {"rule": "measure_curve"})
    assert planned.searches == {"full": 5, "adaptive": 5}
    assert planned.gradients == 1 + 2 * (3 * 6 + 2 * 5)


def test_a_product_of_the_hessian_takes_two_gradients(config):
    """One of the Gauss-Newton matrix: the logits' change, and a gradient."""
    evaluated = Planned(hessian_products=5, gauss_newton_products=3)
    work = planned_work.of_evaluations(config, "F1", evaluated)
    assert work == Work(0, 3 * 1000, (2 * 5 + 3) * 1000)
    config["evaluation"]["batch_norm"] = "recalibrated"
    again = planned_work.of_evaluations(config, "F1", evaluated)
    # The moments' change along each vector, and as much work again back through them.
    assert again == Work(1, (3 + 1 + 2 * 8) * 1000, (1 + 2 * 13) * 1000)


def test_curvature_takes_products_at_most(config):
    settings = {"eigenvalues": 2, "products": 7, "probes": 4, "tolerance": 0.1}
    config["curvature"] = settings
    assert measuring(config, "curvature") == Work(0, 12_000, (2 * 14 + 12) * 1000)
    config["spectral_density"] = {"probes": 2, "products": 9}
    assert measuring(config, "spectral_density") == Work(0, 0, 2 * 18 * 1000)


def test_each_iterate_is_evaluated_and_searched_from(config):
    config["iterates"]["epochs"] = [0, 1, 5]
    planned = measuring(config, "trajectory")
    assert planned == Work(3 * 12, 3 * 100, 3 * 12 * 1000)


def test_a_derived_regime_has_its_own_work(config):
    config["sweep"]["batch_sizes"] = {"F1": [10]}
    planned = training(derived.with_derived(config), "B10", epochs=2)
    assert planned.gradient_evaluations == 2 * 100


def test_a_surface_evaluates_each_point_of_its_planes_and_three_places(config):
    config["surface"] |= {"points": 5, "planes": 2}
    points = 5 * 25 + 3
    assert measuring(config, "surface") == Work(0, points * (1000 + 100), 0)


def test_barriers_without_moving_averages_see_the_training_set_again(config):
    config["barriers"]["points"] = 7
    job = {"rule": "measure_barriers", "network": "F1", "seed": "0", "other": "1"}
    planned = planned_work.of_measuring(config, job)
    assert planned == Work(0, 4 * 2 * 7 * (1000 + 100), 0)
    config["evaluation"]["batch_norm"] = "moving"
    moving = planned_work.of_measuring(config, job)
    config["evaluation"]["batch_norm"] = "recalibrated"
    assert planned_work.of_measuring(config, job) == moving
    assert moving.forward_examples == planned.forward_examples + 4 * 2 * 7 * 2 * 1000
