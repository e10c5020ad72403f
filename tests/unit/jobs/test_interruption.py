"""A job that is told to stop saves and ends; one that cannot ends after a while."""

import os
import signal
import subprocess
import sys
import time

import pytest

from project import ROOT
from sharpminima.storage import locks

JOB = """
import sys, time
from sharpminima.storage import locks
from sharpminima.jobs import interruption

interruption.GRACE = 1.0
interruption.watch()
print("ready", flush=True)
busy = sys.argv[1] == "busy"
while busy or not interruption.reason():
    time.sleep(0.01)
interruption.stop_if_asked("It is saved")
"""


def heard():
    """Let the job hear signals that the tests may have been told to ignore."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def job(*arguments, **options):
    options.setdefault("preexec_fn", heard)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow/scripts")}
    process = subprocess.Popen(
        [sys.executable, "-c", JOB, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | options.pop("env", {}),
        **options,
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"])
def test_a_signal_lets_it_save_and_end(name):
    process = job("polite")
    process.send_signal(getattr(signal, name))
    _, log = process.communicate(timeout=60)
    assert process.returncode == 128 + getattr(signal, name)
    assert f"Stopped: signal {name}. It is saved. Run the same command again." in log


def test_a_long_computation_is_cut_off_after_a_while():
    process, started = job("busy"), time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert time.monotonic() - started >= 1.0
    assert "Stopped after 1 s, between two states to save." in log


def test_what_nohup_ignores_stays_ignored():
    def like_nohup():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = job("polite", preexec_fn=like_nohup)
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1.5)
    process.kill()
    process.communicate()


def test_it_ends_when_its_parent_dies(tmp_path):
    """The parent is a Python that starts the job and waits for it."""
    started = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {JOB!r}, "
    log = tmp_path / "log"
    with log.open("w") as file:
        parent = subprocess.Popen(
            [sys.executable, "-c", f"{started}'polite'])"],
            stdout=file,
            stderr=file,
            env=os.environ | {"PYTHONPATH": str(ROOT / "workflow/scripts")},
        )
    wait_for(lambda: "ready" in log.read_text())
    parent.kill()
    parent.wait()
    wait_for(
        lambda: "Stopped: Snakemake, which began this job, is gone" in log.read_text()
    )


def test_it_ends_when_its_run_was_killed_before_it_looked(tmp_path):
    """Its parent is not that Snakemake any more, but its note names it."""
    note, dead = tmp_path / "note.run", subprocess.Popen(["true"])
    dead.wait()
    note.write_text(f"{locks.HERE}: process {dead.pid}")
    process = job("polite", env={"SHARPMINIMA_RUN": str(note)})
    _, log = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Stopped: Snakemake, which began this job, is gone" in log


def test_it_ends_when_another_run_has_begun(tmp_path):
    note = tmp_path / "note.run"
    note.touch()
    process = job("polite", env={"SHARPMINIMA_RUN": str(note)})
    note.unlink()
    _, log = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Stopped: Snakemake, which began this job, is gone" in log


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
