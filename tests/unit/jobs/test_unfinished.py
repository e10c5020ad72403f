"""States of unfinished jobs come back to the bit, or are refused with a warning."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from sharpminima.jobs import unfinished
from sharpminima.jobs.cost import NOTHING, Work
from sharpminima.jobs.unfinished import Steps, Store
from stopped import StoppedError, Stopping, sittings

STATE = {
    "weights": np.linspace(0, 1, 7, dtype=np.float32),
    "steps": np.array(3, np.int64),
    "history": [{"loss": 0.1 + 0.2, "status": "training", "missing": float("nan")}],
    "number": np.float64(1) / 3,
}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "job", key="key")


def test_a_state_comes_back_to_the_bit(store):
    store["state"] = STATE
    found = store.get("state")
    assert found["weights"].dtype == np.float32
    np.testing.assert_array_equal(found["weights"], STATE["weights"])
    assert found["steps"].shape == ()
    assert repr(found["history"]) == repr(STATE["history"])
    assert found["number"] == STATE["number"]


def test_there_may_be_no_state(store, tmp_path):
    assert store.get("state") is None
    nowhere = Store(None)
    assert nowhere.get("state") is None
    assert not nowhere.due()
    nowhere.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_state_of_another_job_is_refused_with_a_warning(store, tmp_path, caplog):
    store["state"] = STATE
    assert Store(tmp_path / "job", key="other").get("state") is None
    assert "Other settings, code or versions made it" in caplog.text
    assert str(tmp_path / "job/state.npz") in caplog.text


def test_a_damaged_state_is_refused_with_a_warning(store, tmp_path, caplog):
    store["state"] = STATE
    path = tmp_path / "job/state.npz"
    whole = path.read_bytes()
    for place in range(0, len(whole), 31):
        for damaged in (
            whole[:place],
            whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :],
        ):
            path.write_bytes(damaged)
            caplog.clear()
            assert store.get("state") is None
            assert "A state is not used." in caplog.text
            assert str(path) in caplog.text


def test_a_state_is_replaced_whole(store, tmp_path, monkeypatch):
    store["state"] = STATE
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", lambda descriptor: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store["state"] = {"weights": np.zeros(3)}
    assert [path.name for path in (tmp_path / "job").iterdir()] == ["state.npz"]
    np.testing.assert_array_equal(store.get("state")["weights"], STATE["weights"])


def test_it_is_due_after_so_many_seconds(tmp_path, monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(unfinished.time, "monotonic", lambda: clock.now)
    store, taken = Store(tmp_path, every=60.0), iter([0.0, 0.1, 100.0, 102.0])
    clock.now = 59.0
    assert not store.due()
    clock.now = 60.0
    assert store.due()
    # Saving takes 0.1 s first, and then 2 s, which is more than a hundredth of 60 s.
    for after, wait in ((60.0, 60.0), (200.0, 200.0)):
        monkeypatch.setattr(unfinished.time, "monotonic", lambda: next(taken))
        store["state"] = STATE
        monkeypatch.setattr(unfinished.time, "monotonic", lambda: clock.now)
        clock.now = store._saved + after - 1
        assert not store.due()
        clock.now = store._saved + wait
        assert store.due()


def test_it_is_due_when_the_job_must_stop(store, monkeypatch):
    assert not store.due()
    monkeypatch.setattr(unfinished.interruption, "reason", lambda: "signal SIGTERM")
    assert store.due()


def test_keys_tell_settings_code_and_files_apart(tmp_path):
    (tmp_path / "data").write_bytes(b"1")
    files = [tmp_path / "data"]
    key = unfinished.key_of({"a": 1, "b": [2.0]}, "code", files=files)
    assert unfinished.key_of({"b": [2.0], "a": 1}, "code", files=files) == key
    assert unfinished.key_of({"a": 1, "b": [2.5]}, "code", files=files) != key
    assert unfinished.key_of({"a": 1, "b": [2.0]}, "edit", files=files) != key
    (tmp_path / "data").write_bytes(b"2")
    assert unfinished.key_of({"a": 1, "b": [2.0]}, "code", files=files) != key


def test_a_finished_job_leaves_nothing(store, tmp_path):
    store["state"] = store["iterate"] = STATE
    store.remove()
    assert list(tmp_path.iterdir()) == []


class Meter:
    """Computes squares, and counts them."""

    def __init__(self):
        self.work, self.computed = NOTHING, []

    def square(self, number):
        self.work += Work(gradient_evaluations=number)
        self.computed.append(number)
        return {"square": number**2, "vector": np.full(2, number / 3)}


def squares(folder, states, meter, numbers=range(1, 6)):
    step = Steps(Stopping(folder, states), meter)
    found = [step(lambda n=n: meter.square(n)) for n in numbers]
    return [(row["square"], row["vector"].tolist()) for row in found]


@pytest.mark.parametrize("states", [1, 2, 4])
def test_finished_steps_are_not_repeated(tmp_path, states):
    expected = squares(tmp_path / "whole", None, Meter())
    meters = []

    def sitting(states):
        meters.append(Meter())
        return squares(tmp_path / "stopped", states, meters[-1])

    found, stopped = sittings(sitting, states)
    assert found == expected
    assert stopped == 5 // states
    assert [n for meter in meters for n in meter.computed] == [1, 2, 3, 4, 5]
    # What was computed before counts as if this process had computed it.
    assert meters[-1].work == Work(gradient_evaluations=15)


def test_steps_after_a_damaged_one_are_repeated(tmp_path):
    with pytest.raises(StoppedError):
        squares(tmp_path, 3, Meter())
    (tmp_path / "steps1.npz").write_bytes(b"")
    meter = Meter()
    # Two steps in one file now: the file of the third step no longer fits.
    with pytest.raises(StoppedError):
        squares(tmp_path, 1, meter, numbers=[1, 2, 3])
    assert meter.computed == [2]
    (tmp_path / "steps1.npz").unlink()
    store, meter = Stopping(tmp_path), Meter()
    step = Steps(store, meter)
    store._wait = 3600.0
    step(lambda: meter.square(1))
    step(lambda: meter.square(2))
    store._wait = 0.0
    step(lambda: meter.square(3))
    meter = Meter()
    assert [s for s, _ in squares(tmp_path, None, meter)] == [1, 4, 9, 16, 25]
    assert meter.computed == [4, 5]


def test_a_caller_may_change_what_a_step_returned(tmp_path):
    store = Store(tmp_path, every=3600.0)
    step = Steps(store, Meter())
    step(lambda: {"row": 1}).pop("row")
    store._wait = 0.0
    step(lambda: {"row": 2}).pop("row")
    step = Steps(store, Meter())
    assert [step(dict)["row"] for _ in range(2)] == [1, 2]


def test_a_full_device_does_not_end_a_job_that_may_go_on(store, monkeypatch, caplog):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert not store.saved("state", STATE)
        assert "What was done is not saved. " in caplog.text
        patched.setattr(unfinished.interruption, "reason", lambda: "signal SIGTERM")
        with pytest.raises(OSError, match="No space left on device"):
            store.saved("state", STATE)
    assert store.saved("state", STATE)
    assert store.get("state")
