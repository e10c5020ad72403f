"""Each way of compiling is tried, the fastest is kept, and used where it was tried."""

import logging

import pytest

from sharpminima import backend, compilation

pytestmark = pytest.mark.computes
NETWORK = {"builder": "fully_connected", "options": {"hidden_layers": 1, "units": 4}}


@pytest.fixture(autouse=True)
def restored():
    way = backend.describe()["way"]
    yield
    backend.compile_by(way)


def test_each_way_is_tried():
    seconds = compilation.seconds_of_each_way(NETWORK, (5,), 3)
    assert list(seconds) == list(backend.WAYS)
    assert all(value > 0 for value in seconds.values())


def test_a_way_that_fails_is_left_out(monkeypatch):
    first, second = backend.WAYS
    timed = compilation._seconds_of_an_update

    def failing(*args):
        if backend.describe()["way"] == second:
            raise RuntimeError("no such operation")
        return timed(*args)

    monkeypatch.setattr(compilation, "_seconds_of_an_update", failing)
    assert list(compilation.seconds_of_each_way(NETWORK, (5,), 3)) == [first]


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
