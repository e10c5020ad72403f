"""Layers: what becomes of merged files before anything is checked or run."""

from pathlib import Path

import pytest

from configs import changed, merged
from project import ROOT, default_config
from sharpminima.config.layers import (
    at_home,
    complete,
    files_of,
    of_files,
    retyped,
    without_nulls,
)
from sharpminima.config.mistakes import mistakes
from sharpminima.config.study import Study


def test_null_takes_a_setting_away():
    overlay = {"regimes": {"LB": {"batch_fraction": None, "batch_size": 400}}}
    config = without_nulls(merged(default_config(), overlay))
    assert config["regimes"]["LB"] == {"batch_size": 400}
    assert mistakes(config) == []


@pytest.mark.parametrize("value", [None, {}])
def test_options_of_a_network_may_be_left_out(tmp_path, value):
    """Params and digests of runs are the same with and without them."""
    path = tmp_path / "mine.py"
    path.write_text("def own(input_shape, classes, *, units: int = 3): ...")
    written = changed("networks.F1.builder", f"{path}:own")
    written["networks"]["F1"]["options"] = {}
    left_out = changed("networks.F1", {**written["networks"]["F1"], "options": value})
    if value is None:
        del left_out["networks"]["F1"]["options"]
    studies = [Study(complete(config, [])) for config in (written, left_out)]
    assert [mistakes(study.config) for study in studies] == [[], []]
    first, second = (study.run("F1", "SB", 0) for study in studies)
    assert repr(first) == repr(second)


def named(builder):
    return {"networks": {"X": {"builder": builder, "options": {}}}}


HERE, ABOVE = Path("/here"), Path("/above")


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([(HERE, named("m.py:f")), (ABOVE, named("m.py:f"))], "/here/m.py:f"),
        ([(HERE, {"networks": {"X": {}}}), (ABOVE, named("m.py:f"))], "/above/m.py:f"),
        ([(HERE, {}), (ABOVE, named("m.py:f"))], "/above/m.py:f"),
        ([], f"{Path.cwd()}/m.py:f"),
    ],
    ids=["both", "no builder", "no networks", "nowhere"],
)
def test_a_path_starts_where_it_is_named_last(layers, expected):
    assert complete(named("m.py:f"), layers) == named(expected)


def test_an_absolute_path_and_a_name_stay():
    for builder in ("/else/m.py:f", "fully_connected"):
        assert complete(named(builder), [(HERE, named(builder))]) == named(builder)


def test_a_path_may_start_at_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    config = named("~/m.py:f")
    assert complete(config, [(HERE, config)]) == named("/home/me/m.py:f")


def test_files_are_not_read_again_without_need():
    """A config that came through a pipe cannot be."""
    layers = iter([(HERE, named("fully_connected"))])
    complete(named("fully_connected"), layers)
    assert len(list(layers)) == 1


@pytest.mark.parametrize("config", [{}, {"networks": 3}, {"networks": {"X": [1]}}])
def test_a_malformed_config_is_left_to_the_schema(config):
    assert complete(config, []) == config


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("0", 0), ("-3", -3), ("010", 10), ("1e-3", 1e-3), ("1.5", 1.5), (".5", 0.5)),
        *(("true", True), ("False", False), ("null", None), ("~", None)),
        *(("yes", "yes"), ("F1", "F1"), ("inf", "inf"), ("1e", "1e"), ("", "")),
        *(("9" * 19, 1e19), ("m.py:f", "m.py:f"), ("1:30", "1:30"), ("1\n", "1\n")),
    ],
)
def test_the_command_lines_texts_become_values(text, value):
    for given in (text, {"a": [{"b": text}]}):
        expected = value if given == text else {"a": [{"b": value}]}
        assert repr(retyped(given)) == repr(expected)


def test_what_snakemake_has_typed_stays():
    assert repr(retyped({"a": 1, "b": True, "c": None})) == repr(
        {"a": 1, "b": True, "c": None}
    )


def test_the_projects_config_comes_first_and_the_studys_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    default, study = ROOT / "config.yaml", Path("study.yaml")
    assert files_of(["study.yaml"]) == [default, study]
    Path("config.yaml").touch()
    assert files_of([]) == [default, Path("config.yaml")]
    Path("config.yaml").write_text("study: {seeds: [0]}\nsubset: {test_examples: 9}")
    study.write_text("study: {seeds: [1]}")
    config = of_files(files_of([study]), {"study": {"regimes": ["SB"]}})
    assert config["study"]["seeds"] == [1]
    assert config["study"]["regimes"] == ["SB"]
    assert config["subset"] == {"test_examples": 9}
    assert config["raw_folder"] == default_config()["raw_folder"]


def test_a_home_that_nobody_has_is_a_folder_of_this_name():
    assert at_home("~nobody-has-it/x") == Path("~nobody-has-it/x")


def test_a_whole_model_becomes_a_network_of_its_name():
    checkpoints = {"A": {"file": "a.keras", "dataset": "mnist5k"}}
    layer = {"checkpoints": checkpoints}
    config = complete(layer, [(HERE, layer)])
    file = "/here/a.keras"
    network = {"dataset": "mnist5k", "builder": file, "options": {}}
    assert config["networks"] == {"A": network}
    assert config["checkpoints"] == {"A": {"file": file, "network": "A"}}
    memory = {"data": 1, "per_example": 1, "search": 1}
    layer["networks"] = {"A": {"memory": memory}}
    assert complete(layer, [])["networks"]["A"]["memory"] == memory


def test_files_and_folders_of_checkpoints_and_data_start_at_their_config():
    layer = {
        "checkpoints": {"A": {"file": "a.weights.h5", "network": "F1"}},
        "datasets": {"d": {"folder": "raw"}},
    }
    config = complete(layer, [(HERE, {}), (ABOVE, layer)])
    assert config["checkpoints"]["A"]["file"] == "/above/a.weights.h5"
    assert config["datasets"]["d"]["folder"] == "/above/raw"
