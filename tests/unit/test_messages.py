"""Texts of errors stand inside their `raise`, where fingerprints ignore them."""

import ast

import pytest

from project import ROOT
from sharpminima import provenance

SCRIPTS = ROOT / "workflow/scripts"
ROOMS = ("data", "networks")
WORDS = ("expected ", "must ", "Received", "refused", "more than ")
FILES = [p for room in ROOMS for p in (SCRIPTS / "sharpminima" / room).rglob("*.py")]


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}.{path.stem}"
)
def test_another_wording_reruns_nothing(path):
    """Messages have the form `where: expected ... Received: ...`."""
    tree = provenance._OfPackage().visit(ast.parse(path.read_text()))
    texts = [
        str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)
    ]
    assert [text for text in texts if any(word in text for word in WORDS)] == []
