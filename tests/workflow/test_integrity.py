"""A finished study is verified, copied and damaged: no damage becomes a number."""

import os
import random
import shutil

import pytest

from studies import Study

pytestmark = pytest.mark.slow
WEIGHTS = "results/train/N1/SB/seed0/final.weights.h5"
ROWS = "results/sharpness/N1/SB/seed0/full_0.001.csv"
DATA = "results/data/tiny.h5"
CHOICE = "results/compilation/N1.csv"


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny):
    """A study that trained one run."""
    study = Study(tmp_path_factory.mktemp("trained"))
    study.write_choices(tiny)
    done = study.run(tiny, WEIGHTS)
    assert done.returncode == 0, done.stdout + done.stderr
    return study


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of that study. Yours to damage."""
    shutil.copytree(trained.directory, tmp_path / "copy")
    return trained.copied(tmp_path / "copy")


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("copy", [shutil.copy, shutil.copy2])
def test_a_copy_of_a_finished_study_runs_nothing(finished_study, tiny, tmp_path, copy):
    """With new times, as by `cp -r`, and with those of the files, as by `rsync -a`."""
    other = tmp_path / "another folder"
    shutil.copytree(finished_study.directory, other, copy_function=copy)
    if copy is shutil.copy:
        # Copies are made in any order, and results may be older than what they are of.
        results = [path for path in (other / "results").rglob("*") if path.is_file()]
        random.Random(0).shuffle(results)
        for seconds, path in enumerate(results):
            os.utime(path, (1e9 + seconds, 1e9 + seconds))
    assert finished_study.copied(other).planned(tiny) == set()


def test_a_whole_study_is_verified(copied, tiny):
    assert copied.planned(tiny, WEIGHTS) == set()
    done = copied.script("verify", tiny, WEIGHTS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == (
        "8 files with a digest are whole, 0 are damaged. A run would make 0 files.\n"
    )


def test_what_is_damaged_or_missing_is_named(copied, tiny):
    damaged = [WEIGHTS, DATA, CHOICE, "results/train/N1/SB/seed0/history.csv"]
    for name in damaged:
        flip_a_bit(copied.directory / name)
    done = copied.script("verify", tiny, WEIGHTS, ROWS)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    for name in damaged:
        (line,) = (line for line in lines if line.startswith(f"{name}: expected"))
        assert line.endswith(f"Delete it and run the same command again: {name}")
    assert "measure_sharpness: 5 files, missing" in lines
    assert lines[-1].startswith(
        "4 files with a digest are whole, 4 are damaged. A run "
    )


@pytest.mark.parametrize(
    ("name", "rule"), [(DATA, "prepare_dataset"), (CHOICE, "choose_compilation")]
)
def test_a_damaged_file_is_made_again_once_it_is_deleted(copied, tiny, name, rule):
    refused(copied, tiny, name)
    assert rule in {job for job, _ in copied.planned(tiny, ROWS)}


def test_a_damaged_checkpoint_is_made_again_to_the_byte(copied, tiny):
    content = (copied.directory / WEIGHTS).read_bytes()
    refused(copied, tiny, WEIGHTS)
    done = copied.run(tiny, ROWS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (copied.directory / WEIGHTS).read_bytes() == content


def refused(study, config, name):
    """Damage a file, assert that a job refuses it, and delete it as it says."""
    path = study.directory / name
    flip_a_bit(path)
    done = study.run(config, ROWS)
    assert done.returncode == 1
    assert f"DamagedError: {name}: expected a whole file" in done.stderr
    assert f"Delete it and run the same command again: {name}" in done.stderr
    assert not (study.directory / ROWS).exists()
    path.unlink()
