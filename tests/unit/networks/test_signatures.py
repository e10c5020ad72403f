"""Options of builders are read without building, and files without running them."""

from pathlib import Path
from typing import Literal

import pytest

from sharpminima.networks import signatures
from sharpminima.networks.signatures import anchored, path_of


@pytest.mark.parametrize(
    ("builder", "path"),
    [
        ("mine.py:own", "mine.py"),
        ("a:b/mine.py:own", "a:b/mine.py"),
        ("fully_connected", None),
        ("mine.py", None),
        ("mine.py:", None),
        ("mine.txt:own", None),
        ("mine.py:own()", None),
        (3, None),
    ],
)
def test_a_builder_names_a_file_or_none(builder, path):
    assert path_of(builder) == path


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
    assert anchored(named("m.py:f"), layers) == named(expected)


def test_an_absolute_path_and_a_name_stay():
    for builder in ("/else/m.py:f", "fully_connected"):
        assert anchored(named(builder), [(HERE, named(builder))]) == named(builder)


def test_a_path_may_start_at_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    config = named("~/m.py:f")
    assert anchored(config, [(HERE, config)]) == named("/home/me/m.py:f")


def test_files_are_not_read_again_without_need():
    """A config that came through a pipe cannot be."""
    layers = iter([(HERE, named("fully_connected"))])
    anchored(named("fully_connected"), layers)
    assert len(list(layers)) == 1


@pytest.mark.parametrize("config", [{}, {"networks": 3}, {"networks": {"X": [1]}}])
def test_a_malformed_config_is_left_to_the_schema(config):
    assert anchored(config, []) == config


def test_a_builder_of_the_catalogue_has_options():
    found = signatures.options("fully_connected")
    assert found == signatures.Options({"hidden_layers": int, "units": int}, set())
    pooling = Literal["tensorflow", "theano"]
    assert signatures.options("deep_convolutional").kinds == {"pooling": pooling}


def options_of(tmp_path, source):
    path = tmp_path / "mine.py"
    path.write_text(source)
    return signatures.options(f"{path}:own")


def test_options_have_kinds_and_defaults(tmp_path):
    source = """
import no_such_library
raise SystemExit
def own(input_shape, classes, *, a: int, b: float = 1.0, c: Literal["x", 2] = "x",
        d: typing.Literal["y"], e: list[int], f=None, g: Literal[a] = 3): pass
"""
    found = options_of(tmp_path, source)
    kinds = {"a": int, "b": float, "c": Literal["x", 2], "d": Literal["y"]}
    assert found.kinds == kinds | {"e": None, "f": None, "g": None}
    assert found.optional == {"b", "c", "f", "g"}
