"""Regimes: what they state, what a config derives, and the runs of its experiments."""

import copy

import pytest

from project import default_config
from sharpminima.regimes import derived
from sharpminima.regimes.stopping import StoppingRule


@pytest.fixture
def config():
    """The default config with every experiment."""
    config = default_config()
    config["study"] |= {"networks": ["F1", "C1"], "seeds": [0, 1]}
    config["regimes"]["LB-new"] = {"batch_fraction": 0.1, "learning_rate": 0.01}
    config["study"]["further_regimes"] = {"C1": ["LB-new"]}
    config["sweep"] |= {"batch_sizes": {"F1": [64, 8], "C1": [8]}, "seeds": [5]}
    config["iterates"] |= {"networks": ["F1"], "epochs": [0, 2, 7]}
    config["warm_start"] |= {"networks": ["F1"], "epochs": 4}
    return derived.with_derived(config)


def test_the_default_config_derives_nothing():
    config = default_config()
    assert derived.derived(config) == {}
    runs = [("F1", regime, seed) for regime in ("SB", "LB") for seed in (0, 1, 2)]
    assert derived.runs_of_study(config) == runs
    for name in ("of_sweep", "with_iterates", "after_warm_start", "beside_remedies"):
        assert getattr(derived, f"runs_{name}")(config) == []


def test_sections_may_be_missing():
    config = default_config()
    for section in ("sweep", "iterates", "warm_start"):
        del config[section]
    del config["study"]["further_regimes"]
    assert derived.with_derived(config) == config
    assert len(derived.runs_of_study(config)) == 6


def test_the_catalogue_is_left_as_it_is(config):
    before = copy.deepcopy(config)
    derived.with_derived(config)
    assert config == before


def test_a_batch_size_of_the_sweep_is_a_regime(config):
    settings = derived.settings(config, "B64")
    assert settings["batch_size"] == 64
    assert settings["optimizer"] == config["training"]["optimizer"]
    assert settings["stopping"]["max_epochs"] == 100
    assert derived.runs_of_sweep(config) == [
        ("F1", "B64", 5),
        ("F1", "B8", 5),
        ("C1", "B8", 5),
    ]


def test_iterates_are_kept_by_regimes_of_their_own(config):
    kept = config["regimes"]["LB-iterates"]
    assert kept["iterates"] == [0, 2, 7]
    assert kept["batch_fraction"] == config["regimes"]["LB"]["batch_fraction"]
    assert kept["stopping"]["min_epochs"] == kept["stopping"]["max_epochs"] == 7
    assert derived.runs_with_iterates(config) == [
        ("F1", f"{regime}-iterates", seed) for regime in ("SB", "LB") for seed in (0, 1)
    ]


def test_each_kept_iterate_is_begun_with(config):
    run = config["regimes"]["LB-after-2"]
    assert run["warm_start"] == {"regime": "SB-iterates", "epoch": 2}
    assert run["batch_fraction"] == config["regimes"]["LB"]["batch_fraction"]
    assert run["stopping"]["max_epochs"] == 4
    assert "iterates" not in run
    epochs = {"LB-after-0": 0, "LB-after-2": 2, "LB-after-7": 7}
    assert derived.epochs_of_warm_start(config) == epochs
    assert derived.runs_after_warm_start(config) == [
        ("F1", regime, seed) for regime in epochs for seed in (0, 1)
    ]
    assert derived.runs_before_warm_start(config) == [
        ("F1", "SB-iterates", seed) for seed in (0, 1)
    ]


def test_a_warm_start_has_the_seeds_of_the_iterates(config):
    config["iterates"]["seeds"] = [1]
    assert derived.seeds(config, "warm_start") == [1]
    config["warm_start"]["seeds"] = [0]
    assert derived.seeds(config, "warm_start") == [0]


def test_remedies_are_runs_of_the_study_on_their_network(config):
    assert derived.of_network(config, "F1") == ["SB", "LB"]
    assert derived.of_network(config, "C1") == ["SB", "LB", "LB-new"]
    assert ("C1", "LB-new", 1) in derived.runs_of_study(config)
    assert ("F1", "LB-new", 1) not in derived.runs_of_study(config)
    assert {run[:2] for run in derived.runs_beside_remedies(config)} == {
        ("C1", "SB"),
        ("C1", "LB"),
        ("C1", "LB-new"),
    }


def test_a_pair_is_of_the_networks_that_have_both(config):
    config["study"]["pairs"] = [["SB", "LB"], ["SB", "LB-new"]]
    assert derived.pairs_of_study(config) == [
        ("F1", "SB", "LB"),
        ("C1", "SB", "LB"),
        ("C1", "SB", "LB-new"),
    ]


@pytest.mark.parametrize(
    "losses", [[1.0] * 100, [0.0] * 100, [2.0**-i for i in range(100)]]
)
def test_nothing_ends_a_run_of_the_sweep_early(config, losses):
    rule = StoppingRule(**config["regimes"]["B64"]["stopping"])
    ends = [rule.reason(losses[: i + 1]) for i in range(100)]
    assert ends == [None] * 99 + ["max_epochs"]
    assert rule.reason([*losses[:5], float("nan")]) == "diverged"


def test_iterates_are_measured_by_one_search_from_each(config):
    search = derived.search_of_iterates(config)
    assert search["epsilons"] == [1e-3]
    assert search["full"] == {"starts": ["zero"]}
    assert search["subspace"]["draws"] == 0
    limits = ("max_iterations", "max_evaluations")
    assert all(search[name] == config["sharpness"][name] for name in limits)


def test_the_default_study_trains_as_the_paper_does():
    settings = derived.settings(default_config(), "LB")
    stopping = settings.pop("stopping")
    assert stopping["max_epochs"] == 200
    assert settings == {
        "batch_fraction": 0.1,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
        "precision": "float32",
        "last_batch": "keep",
    }


def test_a_regime_has_its_own_stopping_rule():
    config = default_config()
    own = config["training"]["stopping"] | {"max_epochs": 7}
    config["regimes"]["LB"]["stopping"] = own
    assert derived.settings(config, "LB")["stopping"] == own
    assert derived.settings(config, "SB")["stopping"]["max_epochs"] == 200
