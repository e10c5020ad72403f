"""Each way of compiling is tried; one that fails is left out."""

import pytest

from sharpminima import backend
from sharpminima.training import trial

pytestmark = pytest.mark.computes
NETWORK = {"builder": "fully_connected", "options": {"hidden_layers": 1, "units": 4}}


@pytest.fixture(autouse=True)
def restored():
    way = backend.describe()["way"]
    yield
    backend.compile_by(way)


def test_each_way_is_tried():
    seconds = trial.seconds_of_each_way(NETWORK, (5,), 3)
    assert list(seconds) == list(backend.WAYS)
    assert all(value > 0 for value in seconds.values())


def test_a_way_that_fails_is_left_out(monkeypatch):
    first, second = backend.WAYS
    timed = trial._seconds_of_an_update

    def failing(*args):
        if backend.describe()["way"] == second:
            raise RuntimeError("no such operation")
        return timed(*args)

    monkeypatch.setattr(trial, "_seconds_of_an_update", failing)
    assert list(trial.seconds_of_each_way(NETWORK, (5,), 3)) == [first]
