"""The fastest way of compiling is kept, and used where it was tried."""

import logging

import pytest

from sharpminima import backend, compilation

pytestmark = pytest.mark.computes


@pytest.fixture(autouse=True)
def restored():
    way = backend.describe()["way"]
    yield
    backend.compile_by(way)


@pytest.mark.parametrize("fastest", backend.WAYS)
def test_the_fastest_is_used(tmp_path, fastest):
    seconds = {way: 1.0 if way == fastest else 2.0 for way in backend.WAYS}
    compilation.write(tmp_path / "choice.csv", seconds)
    backend.compile_by(backend.WAYS[0])
    compilation.use(tmp_path / "choice.csv")
    assert backend.describe()["way"] == fastest


def test_the_same_choice_makes_the_same_file(tmp_path):
    first, second = backend.WAYS
    for name, seconds in (("a", 1.0), ("b", 1.5)):
        compilation.write(tmp_path / name, {first: 2.0, second: seconds})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_choice_made_on_another_device_is_not_taken(tmp_path, caplog):
    (tmp_path / "choice.csv").write_text(f"device,way\nTPU,{backend.WAYS[1]}\n")
    backend.compile_by(backend.WAYS[0])
    with caplog.at_level(logging.WARNING):
        compilation.use(tmp_path / "choice.csv")
    assert backend.describe()["way"] == backend.WAYS[0]
    assert "tried on TPU" in caplog.text


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="Received: 'magic'"):
        backend.compile_by("magic")
