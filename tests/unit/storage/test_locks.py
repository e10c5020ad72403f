"""Runs in one folder: who is alive, and what one that was killed has left."""

import os
import subprocess
import sys

import pytest

from project import ROOT
from sharpminima.storage import locks
from sharpminima.storage.files import replacing

RUN = """
from sharpminima.storage import locks
run = locks.Run()
print(run.released, run.others, flush=True)
input()
"""


def run(folder):
    """Return a process that is a run in `folder`, and what it found there."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow/scripts")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def end(process):
    process.communicate("\n", timeout=60)


@pytest.fixture
def lock(tmp_path):
    """A lock as Snakemake leaves it."""
    path = tmp_path / locks.LOCKS / "0.output.lock"
    path.parent.mkdir(parents=True)
    path.write_text("results/x.csv\n")
    return path


def test_the_lock_of_a_killed_run_is_removed(tmp_path, lock):
    first, found = run(tmp_path)
    # Nobody has left a note: this lock is somebody else's.
    assert found == "False []"
    first.kill()
    first.communicate()
    assert lock.exists()
    second, found = run(tmp_path)
    assert found == "True []"
    assert not lock.exists()
    end(second)
    assert [path.name for path in (tmp_path / locks.RUNS).iterdir()] == ["lock"]


def test_a_note_that_a_power_cut_left_empty_is_removed(tmp_path, lock):
    note = tmp_path / locks.RUNS / "1.run"
    note.parent.mkdir()
    note.touch()
    process, found = run(tmp_path)
    assert found == "True []"
    assert not note.exists()
    end(process)


def test_the_lock_of_a_run_that_is_alive_stays(tmp_path, lock):
    first, _ = run(tmp_path)
    second, found = run(tmp_path)
    released, _, others = found.partition(" ")
    assert released == "False"
    assert f"process {first.pid}" in others
    assert lock.exists()
    # Runs that make other files may go on side by side.
    end(first)
    third, found = run(tmp_path)
    assert f"process {second.pid}" in found
    assert lock.exists()
    end(second)
    end(third)


def test_the_lock_of_a_run_on_another_machine_stays(tmp_path, lock):
    note = tmp_path / locks.RUNS / "1.run"
    note.parent.mkdir()
    note.write_text("elsewhere: process 1")
    process, found = run(tmp_path)
    assert found == "False ['elsewhere: process 1']"
    assert lock.exists()
    end(process)


def test_without_locks_of_the_system_nothing_is_removed(tmp_path, lock, monkeypatch):
    def refused(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(locks.fcntl, "flock", refused)
    monkeypatch.setenv(locks.VARIABLE, "")
    assert not locks.Run().released
    assert lock.exists()


def test_a_job_whose_run_is_over_writes_nothing(tmp_path, monkeypatch):
    note, path = tmp_path / "runs/1.run", tmp_path / "result"
    note.parent.mkdir()
    note.touch()
    monkeypatch.setenv(locks.VARIABLE, str(note))
    with replacing(path) as temporary:
        temporary.write_text("first")
    note.unlink()
    refused = pytest.raises(locks.RunOverError, match="This job writes nothing")
    with refused, replacing(path) as temporary:
        temporary.write_text("second")
    assert path.read_text() == "first"
    # The file of the run that follows stays, too.
    other = tmp_path / ".1.result"
    other.touch()
    with refused, replacing(path) as temporary:
        pass
    assert other.exists()
    # Another machine may have no such folder: then nobody knows.
    note.parent.rmdir()
    with replacing(path) as temporary:
        temporary.write_text("third")
    assert path.read_text() == "third"
