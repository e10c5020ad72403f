"""A study that is told to stop, and a second one in the same folder."""

import signal
import time

import pytest

import chaos

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study whose training takes longer than these tests."""
    folder = tmp_path_factory.mktemp("stopped")
    return chaos.Victim.begun(folder, chaos.config(epochs=100_000))


def training(study):
    """Begin the study, and wait until both runs have trained for an epoch."""
    logs = study.folder / "results/logs/train"
    for log in logs.glob("*.log"):
        log.unlink()
    snakemake, end = study.begin(), time.monotonic() + chaos.PATIENCE_S
    while sum("  train loss" in log.read_text() for log in logs.glob("*.log")) < 2:
        assert time.monotonic() < end
        assert snakemake.poll() is None
        time.sleep(0.1)
    return snakemake


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_snakemake_lets_jobs_save(study, number):
    snakemake = training(study)
    started = time.monotonic()
    snakemake.send_signal(number)
    assert snakemake.wait(chaos.PATIENCE_S) == 1
    assert time.monotonic() - started < 20
    for log in (study.folder / "results/logs/train").glob("*.log"):
        assert "Stopped: signal SIGTERM. What was trained is saved." in log.read_text()
    assert list((study.folder / "results/unfinished").rglob("state.npz"))
    # Nothing has to be unlocked.
    assert not list((study.folder / ".snakemake/locks").glob("*"))


def test_ctrl_c_lets_jobs_save(study):
    """A terminal sends it to Snakemake and to all jobs."""
    snakemake = training(study)
    chaos.signal_group(snakemake, signal.SIGINT)
    assert snakemake.wait(chaos.PATIENCE_S) == 1
    logs = list((study.folder / "results/logs/train").glob("*.log"))
    assert any("Stopped: signal SIGINT. What was" in log.read_text() for log in logs)
    assert any("Goes on after" in log.read_text() for log in logs)


def test_a_second_run_in_the_same_folder_is_refused(study):
    first = training(study)
    second = study.begin("second")
    assert second.wait(chaos.PATIENCE_S) == 1
    text = (study.folder / "second.log").read_text()
    assert f"process {first.pid}). If it makes the same files" in text
    assert "make unlock" in text
    assert first.poll() is None
    # A plan is none of a second run's business.
    plan = study.begin("plan", "--dry-run")
    assert plan.wait(chaos.PATIENCE_S) == 0
    first.send_signal(signal.SIGTERM)
    first.wait(chaos.PATIENCE_S)
