"""Each way of compiling is tried, and the choice does not hang on chance."""

import numpy as np
import pytest

from project import ROOT
from sharpminima import backend
from sharpminima.provenance import WITHOUT_NUMBERS, fingerprint
from sharpminima.training import trial

pytestmark = pytest.mark.computes
NETWORK = {"builder": "fully_connected", "options": {"hidden_layers": 1, "units": 4}}


@pytest.fixture(autouse=True)
def restored():
    way = backend.describe()["way"]
    yield
    backend.compile_by(way)


def test_each_way_is_tried_in_every_round(monkeypatch):
    monkeypatch.setattr(trial, "HOPELESS", np.inf)
    seconds = trial.seconds_of_each_way(NETWORK, (5,), 3)
    assert list(seconds) == list(backend.WAYS)
    assert len({len(found) for found in seconds.values()}) == 1
    assert all(len(found) >= trial.ROUNDS for found in seconds.values())
    assert all(value > 0 for found in seconds.values() for value in found)


def test_a_way_that_fails_is_left_out(monkeypatch):
    first, second = backend.WAYS
    compiled = trial._compiled

    def failing(*args):
        if backend.describe()["way"] == second:
            raise RuntimeError("no such operation")
        return compiled(*args)

    monkeypatch.setattr(trial, "_compiled", failing)
    assert list(trial.seconds_of_each_way(NETWORK, (5,), 3)) == [first]


def test_a_hopeless_way_is_tried_once(monkeypatch):
    first, second = backend.WAYS
    monkeypatch.setattr(trial, "SECONDS", 0.0)

    def made_up(*args):
        taken = {first: 1.0, second: 6.0}[backend.describe()["way"]]
        return lambda: taken

    monkeypatch.setattr(trial, "_compiled", made_up)
    seconds = trial.seconds_of_each_way(NETWORK, (5,), 3)
    assert seconds == {first: [1.0] * trial.ROUNDS, second: [6.0]}


@pytest.mark.parametrize(
    ("others", "chosen"),
    [
        pytest.param([[0.99] * 5], "default", id="by a hair"),
        pytest.param([[0.85] * 5], "default", id="within the margin"),
        pytest.param([[0.5] * 5], "other0", id="clearly"),
        pytest.param([[0.5, 0.5, 3.0, 0.5, 0.5]], "other0", id="one slow round"),
        pytest.param([[0.5, 3.0, 3.0, 0.5, 3.0]], "default", id="noisy"),
        pytest.param([[2.0] * 5], "default", id="slower"),
        pytest.param([[6.0]], "default", id="hopeless"),
        pytest.param([[0.8] * 5, [0.5] * 5], "other1", id="the fastest of two"),
        pytest.param([], "default", id="alone"),
    ],
)
def test_the_default_is_kept_unless_another_is_clearly_faster(others, chosen):
    timings = {f"other{i}": found for i, found in enumerate(others)}
    assert trial.chosen({"default": [1.0] * 5, **timings}) == chosen


def test_a_noisy_default_is_kept():
    """Its median is far above, but its shortest time is not."""
    default, other = [1.0, 5.0, 1.0, 5.0, 5.0], [0.9] * 5
    assert trial.chosen({"default": default, "other": other}) == "default"


def test_nothing_but_the_choice_depends_on_the_trial():
    scripts = ROOT / "workflow/scripts"
    dependent = {
        script.stem
        for script in scripts.glob("*.py")
        if fingerprint(script.stem)
        != fingerprint(script.stem, {"sharpminima.training.trial", *WITHOUT_NUMBERS})
    }
    assert dependent == {"choose_compilation"}
