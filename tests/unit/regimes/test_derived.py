"""Derived regimes: what each section makes of the catalogue."""

import copy

import pytest

from project import default_config
from sharpminima.regimes import derived
from sharpminima.regimes.settings import of_regime
from sharpminima.regimes.stopping import StoppingRule


@pytest.fixture
def config():
    """The default config with every experiment."""
    config = default_config()
    config["study"] |= {"networks": ["F1", "C1"], "seeds": [0, 1]}
    config["sweep"] |= {"batch_sizes": {"F1": [64, 8], "C1": [8]}, "seeds": [5]}
    config["iterates"] |= {"networks": ["F1"], "epochs": [0, 2, 7]}
    config["warm_start"] |= {"networks": ["F1"], "epochs": 4}
    return derived.with_derived(config)


def test_the_default_config_derives_nothing():
    assert derived.derived(default_config()) == {}


def test_sections_may_be_missing():
    config = default_config()
    for section in ("sweep", "iterates", "warm_start"):
        del config[section]
    assert derived.with_derived(config) == config


def test_the_catalogue_is_left_as_it_is(config):
    before = copy.deepcopy(config)
    derived.with_derived(config)
    assert config == before


def test_a_batch_size_of_the_sweep_is_a_regime(config):
    settings = of_regime(config, "B64")
    assert settings["batch_size"] == 64
    assert settings["optimizer"] == config["training"]["optimizer"]
    assert settings["stopping"]["max_epochs"] == 100
    assert derived.of_sweep(config, "F1") == ["B64", "B8"]
    assert derived.of_sweep(config, "C1") == ["B8"]


def test_iterates_are_kept_by_regimes_of_their_own(config):
    kept = config["regimes"]["LB-iterates"]
    assert kept["iterates"] == [0, 2, 7]
    assert kept["batch_fraction"] == config["regimes"]["LB"]["batch_fraction"]
    assert kept["stopping"]["min_epochs"] == kept["stopping"]["max_epochs"] == 7


def test_each_kept_iterate_is_begun_with(config):
    run = config["regimes"]["LB-after-2"]
    assert run["warm_start"] == {"regime": "SB-iterates", "epoch": 2}
    assert run["batch_fraction"] == config["regimes"]["LB"]["batch_fraction"]
    assert run["stopping"]["max_epochs"] == 4
    assert "iterates" not in run
    epochs = {"LB-after-0": 0, "LB-after-2": 2, "LB-after-7": 7}
    assert derived.epochs_of_warm_start(config) == epochs


@pytest.mark.parametrize(
    "losses", [[1.0] * 100, [0.0] * 100, [2.0**-i for i in range(100)]]
)
def test_nothing_ends_a_run_of_the_sweep_early(config, losses):
    rule = StoppingRule(**config["regimes"]["B64"]["stopping"])
    ends = [rule.reason(losses[: i + 1]) for i in range(100)]
    assert ends == [None] * 99 + ["max_epochs"]
    assert rule.reason([*losses[:5], float("nan")]) == "diverged"
