"""Times of jobs: from finished ones if there are any, from stored rates otherwise."""

import math

import pandas as pd
import pytest

from project import default_config
from sharpminima.networks.size import Size
from sharpminima.planning import planned_time
from sharpminima.planning.planned_time import Estimate, Past
from sharpminima.regimes import derived
from sharpminima.storage import rows

NONE = pd.DataFrame()
NETWORK = Size(parameters=2_000_000, flops_per_example=1_000_000, kind="dense")
RATES = {
    "start": 5.0,
    "small job": 2.0,
    "trial": 9.0,
    "dense": 0.01,
    "convolutional": 0.03,
    "update": 0.001,
    "search full": 3.0,
    "search adaptive": 3.0,
    "search subspace": 7.0,
}
TRAIN = {"rule": "train", "network": "F1", "regime": "SB", "seed": "0"}
MEASURE = TRAIN | {"rule": "measure_sharpness"}
INTERPOLATE = {
    "rule": "measure_interpolation",
    "network": "F1",
    "first": "SB",
    "second": "LB",
}
COST = {"network": "F1", "dataset": "mnist5k", "regime": "SB", "device": "CPU"}
OUTCOME = {k: v for k, v in COST.items() if k != "device"}
OUTCOME |= {"batch_size": 32, "train_examples": 4000, "variant": "plain"}


def estimated(job, size=NETWORK, costs=NONE, outcomes=NONE, **config):
    config = default_config() | config
    guess = Estimate(config, RATES, {"F1": size}, Past(costs, outcomes))
    return guess.seconds(job)


def test_stored_rates_count_start_flops_and_updates():
    epochs = {"min_epochs": 20, "max_epochs": 200}
    expected = []
    for ran in epochs.values():
        gigaflops = 1e-3 * (3 * 4000 * ran + 1000 * ran + 5000)
        expected.append(5 + 0.01 * gigaflops + 0.001 * 125 * ran * 2)
    assert estimated(TRAIN) == pytest.approx(expected)


def test_convolutions_have_their_own_rate():
    low, high = estimated(INTERPOLATE, Size(10, 1_000_000, "convolutional"))
    assert low == high == pytest.approx(5 + 0.03 * 1e-3 * 50 * 5000)


def test_measuring_counts_the_solver():
    for job, epsilons in ((MEASURE, 2), (MEASURE | {"epsilon": "0.001"}, 1)):
        gradients = epsilons * (25 + 12)
        solver = 2 * epsilons * (3 * 3.0 + 2 * 7.0)
        expected = 5 + 0.01 * 1e-3 * 3 * gradients * 4000 + solver
        assert estimated(job)[0] == pytest.approx(expected)


def test_a_trajectory_counts_a_search_from_each_iterate():
    iterates = default_config()["iterates"] | {"epochs": [0, 1, 2]}
    job = MEASURE | {"rule": "measure_trajectory", "regime": "SB-iterates"}
    gigaflops = 1e-3 * 3 * (3 * 12 * 4000 + 1000)
    expected = 5 + 0.01 * gigaflops + 2 * 3 * 3.0
    assert estimated(job, iterates=iterates)[0] == pytest.approx(expected)


def test_a_derived_regime_trains_for_exactly_its_epochs():
    config = default_config()
    config["sweep"]["batch_sizes"] = {"F1": [32]}
    config = derived.with_derived(config)
    guess = Estimate(config, RATES, {"F1": NETWORK}, Past(NONE, NONE))
    assert guess.epochs("F1", "B32") == (100, 100)
    low, high = guess.seconds(TRAIN | {"regime": "B32"})
    assert low == high > guess.seconds(TRAIN)[0]


def test_finished_jobs_of_the_same_kind_are_preferred():
    rows = [COST | {"rule": "measure_interpolation", "flops": 2e9, "seconds": 4.0}] * 2
    rows.append(COST | {"rule": "measure_interpolation", "flops": 0, "seconds": 9.0})
    rows.append(rows[0] | {"dataset": "mnist", "seconds": 900.0})
    costs = pd.DataFrame(rows).assign(startup_seconds=3.0)
    gigaflops = 1e-3 * 50 * 5000
    expected = 3 + gigaflops * 2
    assert estimated(INTERPOLATE, costs=costs) == pytest.approx((expected,) * 2)


@pytest.mark.parametrize(
    "finished", ["measure_sharpness", "measure_sharpness_at_epsilon"]
)
def test_a_search_takes_as_long_in_a_job_of_its_own(finished):
    row = COST | {"rule": finished, "flops": 2e9, "seconds": 4.0}
    costs = pd.DataFrame([row | {"startup_seconds": 3.0}])
    together = estimated(MEASURE, costs=costs)[0]
    apart = {"rule": "measure_sharpness_at_epsilon", "epsilon": "0.001"}
    # Two epsilons in one job, and one.
    assert estimated(MEASURE | apart, costs=costs)[0] - 3 == (together - 3) / 2


def test_another_trial_takes_as_long_as_the_first():
    trial = {"rule": "choose_compilation", "network": "F1"}
    row = trial | {"dataset": "mnist5k", "startup_seconds": 1.0, "seconds": 40.0}
    again = trial | {"rule": "choose_compilation_again"}
    assert estimated(again, costs=pd.DataFrame([row])) == (41.0, 41.0)


def test_another_regime_tells_nothing():
    rows = [COST | {"rule": "train", "flops": 2e9, "seconds": 4e9, "regime": "LB"}]
    costs = pd.DataFrame(rows).assign(startup_seconds=3.0)
    assert estimated(TRAIN, costs=costs) == estimated(TRAIN)


@pytest.mark.parametrize(
    ("change", "epochs"),
    [
        ({}, (50, 50)),
        ({"epochs": 500}, (200, 200)),
        ({"regime": "LB"}, (20, 200)),
        ({"batch_size": 64}, (20, 200)),
        ({"variant": "sgd"}, (20, 200)),
        ({"train_examples": 60_000}, (20, 200)),
    ],
)
def test_epochs_are_those_of_finished_runs_of_the_same_setting(change, epochs):
    outcomes = pd.DataFrame([OUTCOME | {"epochs": 50} | change])
    past = Past(NONE, outcomes)
    found = Estimate(default_config(), RATES, {"F1": NETWORK}, past).epochs("F1", "SB")
    assert found == epochs


def test_a_regime_has_the_bounds_of_its_own_stopping_rule():
    config = default_config()
    own = config["training"]["stopping"] | {"min_epochs": 3, "max_epochs": 5}
    config["regimes"]["LB"]["stopping"] = own
    guess = Estimate(config, RATES, {"F1": NETWORK}, Past(NONE, NONE))
    assert guess.epochs("F1", "LB") == (3, 5)
    assert guess.epochs("F1", "SB") == (20, 200)


def test_small_jobs_take_what_they_take():
    prepare = {"rule": "prepare_dataset", "dataset": "mnist5k"}
    assert estimated(prepare) == (2.0, 2.0)
    assert estimated({"rule": "chart_training", "network": "F1"}) == (2.0, 2.0)
    trial = {"rule": "choose_compilation", "network": "F1"}
    assert estimated(trial) == (9.0, 9.0)
    row = prepare | {"startup_seconds": 1.0, "seconds": 40.0}
    assert estimated(prepare, costs=pd.DataFrame([row])) == (41.0, 41.0)


def test_what_cannot_be_known_is_not_guessed():
    assert math.isnan(estimated({"rule": "prepare_dataset", "dataset": "mnist"})[0])
    assert math.isnan(estimated(TRAIN, size=None)[0])


def test_a_size_is_known_from_what_is_declared(tmp_path):
    size = planned_time.size_of(default_config(), "F1", tmp_path / "none.h5")
    assert size == Size(1_462_794, 2_910_208, "dense")


def test_a_size_is_unknown_where_nothing_is_declared(tmp_path):
    config = default_config()
    del config["datasets"]["mnist5k"]["input_shape"]
    assert planned_time.size_of(config, "F1", tmp_path / "none.h5") is None


def test_stored_rates_are_complete():
    stored = planned_time.rates()
    assert set(stored.index) == set(RATES)
    assert (stored["seconds"] > 0).all()
    assert stored[["per", "machine", "date"]].notna().all(axis=None)


def test_the_past_is_read_from_files_with_different_columns(tmp_path):
    train = {"rule": "train", "regime": "SB"}
    written = {
        "cost/choose_compilation/F1/trial.csv": {"rule": "choose", "a": 7},
        "cost/train/F1/SB/seed0.csv": {**train, "flops": 1_000_000},
        "cost/train/F1/SB/seed1.csv": {**train, "flops": 2_000_000},
    }
    for name, row in written.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.write(path, [row])
    # What is damaged, or was written by hand, is left out.
    (tmp_path / "cost/train/F1/SB/seed2.csv").write_text("")
    (tmp_path / "cost/train/F1/SB/seed3.csv").write_text("rule,flops\ntrain,5\n")
    past = Past.of(tmp_path)
    assert past.costs["flops"].sum() == 3_000_000
    assert past.costs["rule"].tolist() == ["choose", "train", "train"]
    assert past.outcomes.empty
