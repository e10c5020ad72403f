"""Options of builders are read without building, and files without running them."""

from typing import Literal

import pytest

from sharpminima.networks import signatures
from sharpminima.networks.signatures import path_of


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
