"""Mistakes: sound configs have none, broken ones are no crash, all come at once."""

import pytest
import yaml

from configs import changed, merged
from project import ROOT, default_config
from sharpminima.config import layers
from sharpminima.config.mistakes import mistakes


def test_the_default_config_is_sound():
    assert mistakes(default_config()) == []


@pytest.mark.parametrize("path", sorted((ROOT / "workflow/studies").glob("*.yaml")))
def test_every_study_is_sound(path):
    overlay = yaml.safe_load(path.read_text())
    config = layers.complete(merged(default_config(), overlay), [])
    assert mistakes(config) == []


def test_all_mistakes_are_reported_at_once():
    config = changed("training.epoch", 3)
    config["study"]["seeds"] = []
    config["study"]["networks"] = ["F9"]
    config["evaluation"]["batch_size"] = 1
    del config["raw_folder"]
    assert len(mistakes(config)) == 5


@pytest.mark.parametrize("path", ["study", "training", "regimes", "networks.F1"])
@pytest.mark.parametrize("value", [3, [], "text", {}, [{}], True, {1: 2, "a": 3}])
def test_nothing_that_yaml_can_say_is_a_crash(path, value):
    found = mistakes(changed(path, value))
    assert found
    assert all("Traceback" not in line for line in found)


@pytest.mark.parametrize(
    "path",
    [
        *("study.further_regimes", "sweep", "sweep.batch_sizes", "iterates"),
        *("iterates.epochs", "warm_start", "warm_start.networks"),
    ],
)
@pytest.mark.parametrize("value", [3, "text", [{}], True, {1: 2, "a": 3}, {"a": {}}])
def test_nothing_that_an_experiment_can_be_is_a_crash(path, value):
    assert mistakes(changed(path, value))
