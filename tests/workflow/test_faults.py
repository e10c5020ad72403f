"""A device that is full and a killed job: the study says what to do, and goes on."""

import pytest

from devices import device, remount
from project import ROOT
from sharpminima.storage import digests, faults, rows
from studies import Study

pytestmark = pytest.mark.slow
RUN = "results/train/N1/SB/seed0"
# Show logs of failed jobs, as a user's run does.
PROFILE = ("--workflow-profile", str(ROOT / "profiles/default"))
KILLED = """
import os, signal

def killed(input_shape, classes):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_study_goes_on_when_there_is_space_again(config, tmp_path):
    with device(tmp_path / "full", "size=130k") as folder:
        study = Study(folder)
        study.write_choices(config)
        done = study.run(config, f"{RUN}/final.weights.h5", *PROFILE)
        assert done.returncode == 1
        assert "No space left on device. It takes 0.0" in done.stderr
        assert faults.ADVICE[28] in done.stderr
        prepared = (folder / "results/data/tiny.h5").stat().st_mtime
        assert list((folder / RUN).glob("*.h5")) == []
        assert [path for path in folder.rglob(".*.*.*") if path.is_file()] == []
        remount(folder, "size=3m")
        done = study.run(config, f"{RUN}/final.weights.h5", *PROFILE)
        assert done.returncode == 0, done.stdout + done.stderr
        # The job that had finished was kept.
        assert (folder / "results/data/tiny.h5").stat().st_mtime == prepared
        for name in ("final.weights.h5", "iterates.h5"):
            digests.check(folder / RUN / name)
        for name in ("history.csv", "outcome.csv"):
            rows.read(folder / RUN / name)


def test_a_killed_job_says_what_to_lower(config, study):
    """By SIGKILL, as the kernel kills where memory is short."""
    (study.directory / "own.py").write_text(KILLED)
    config["networks"]["N1"] |= {"builder": "own.py:killed", "options": {}}
    study.write_choices(config)
    done = study.run(config, f"{RUN}/outcome.csv", *PROFILE)
    assert done.returncode == 1
    log = (study.directory / "results/logs/train/N1_SB_seed0.log").read_text()
    assert log == f"{faults.IF_KILLED}\n"
    assert faults.IF_KILLED in done.stdout + done.stderr
    assert not (study.directory / RUN / "outcome.csv").exists()
