"""Mistakes: sound configs have none, broken ones are no crash, all come at once."""

import datetime
import functools
import time

import pytest
import yaml

from configs import changed, merged, with_sections
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


def test_many_mistakes_are_not_all_shown():
    config = changed("study.seeds", [-1 - i for i in range(60)])
    *shown, last = mistakes(config)
    assert len(shown) == 50
    assert last == "... and more like these"


def test_hundreds_of_unknown_names_among_hundreds_take_seconds():
    """To compare each with each for suggestions took over five minutes."""
    names = [f"{'regime' * 5}-{i}" for i in range(800)]
    config = changed("study.pairs", [[f"a{name}", f"b{name}"] for name in names])
    config["regimes"] |= {name: {"batch_size": 8} for name in names}
    config["study"] |= {"regimes": names, "seeds": [0]}
    started = time.time()
    assert len(mistakes(config)) == 51
    assert time.time() - started < 30


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


ODD = (
    *(None, True, 0, -1, 10**17, 1e308, 1e-40, float("inf"), "", "\n", "~no/m.py:f"),
    *("\ud800", "a" * 900, [], [[]], [{}], {1: 2}, {None: 1}, (1, 2), {1, 2}, b"x"),
    *([0, 1e-300], [["SB", "LB"]] * 2, {"name": "cosine"}, datetime.date(2020, 1, 1)),
)
SECTIONS = ("study", "sweep", "iterates", "warm_start", "sharpness", "interpolation")


def places(value, place=()):
    """Yield the way to each part of a config."""
    parts = value if isinstance(value, dict) else {}
    for key in parts:
        yield (*place, key)
        yield from places(parts[key], (*place, key))


@pytest.mark.parametrize("section", SECTIONS)
def test_nothing_anywhere_is_a_crash_or_takes_long(section):
    """Every other odd value, each at another place of a section."""
    found, started = list(places(with_sections()[section], (section,))), time.time()
    for turn, odd in enumerate(ODD[SECTIONS.index(section) % 2 :: 2]):
        config = with_sections()
        *way, last = found[turn % len(found)]
        functools.reduce(dict.__getitem__, way, config)[last] = odd
        lines = mistakes(layers.complete(config, []))
        assert all(line.isprintable() for line in lines)
    assert time.time() - started < 60
