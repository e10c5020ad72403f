"""The chosen way of compiling is written, and used where it was tried."""

import logging

import pytest

from sharpminima import backend, compilation
from sharpminima.storage import rows

pytestmark = pytest.mark.computes


@pytest.fixture(autouse=True)
def restored():
    way = backend.describe()["way"]
    yield
    backend.compile_by(way)


@pytest.mark.parametrize("way", backend.WAYS)
def test_what_was_chosen_is_used(tmp_path, way):
    compilation.write(tmp_path / "choice.csv", "digest", way)
    backend.compile_by(backend.WAYS[0])
    compilation.use(tmp_path / "choice.csv")
    assert backend.describe()["way"] == way


def test_the_same_choice_makes_the_same_file(tmp_path):
    for name in ("a", "b"):
        compilation.write(tmp_path / name, "digest", backend.WAYS[1])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    header = (tmp_path / "a").read_text().splitlines()[0]
    assert header == "device,way,compiled_for,digest"


def test_a_choice_made_on_another_device_is_not_taken(tmp_path, caplog):
    rows.write(tmp_path / "choice.csv", [{"device": "TPU", "way": backend.WAYS[1]}])
    backend.compile_by(backend.WAYS[0])
    with caplog.at_level(logging.WARNING):
        compilation.use(tmp_path / "choice.csv")
    assert backend.describe()["way"] == backend.WAYS[0]
    assert "tried on TPU" in caplog.text
    assert f"Delete {tmp_path / 'choice.csv'} to try again here." in caplog.text


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="Received: 'magic'"):
        backend.compile_by("magic")
