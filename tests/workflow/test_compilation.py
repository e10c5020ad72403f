"""The way of compiling is tried again, for real, and no running job sees it change."""

import csv

import pytest

from sharpminima.storage import rows
from studies import Study

DATA = "results/data/tiny.h5"
COST = "results/cost/choose_compilation/N1/trial.csv"
TRAINED = "results/train/N1/SB/seed0/outcome.csv"
CHANGED = "N1: the way of compiling has changed. Run the same command again"


def tried_again(study, config, *targets):
    """Try again while `magic`, which no trial chooses, is the way; return the run."""
    choice = study.directory / "results/compilation/N1.csv"
    (row,) = csv.DictReader(rows.read(choice))
    rows.write(choice, [row | {"way": "magic"}])
    done = study.run(config, *targets, "--forcerun", "choose_compilation_again")
    found = {path.name for path in choice.parent.iterdir()}
    assert found == {"N1.csv"}
    assert CHANGED in done.stdout + done.stderr
    assert "magic" not in choice.read_text()
    return done


@pytest.mark.slow
def test_another_way_waits_until_all_jobs_have_ended(study, config):
    """Also those that fail, as a run does that is told to compile by magic."""
    config["study"]["networks"] = ["N1"]
    study.write_choices(config)
    assert tried_again(study, config, COST).returncode == 0
    done = tried_again(study, config, COST, TRAINED)
    assert done.returncode != 0
    assert "Received: 'magic'" in done.stdout + done.stderr
    assert study.run(config, COST, TRAINED).returncode == 0


@pytest.fixture
def left(tmp_path, config):
    """A study with a choice, and the choice of another trial that a run left."""
    config["study"]["networks"] = ["N1"]
    study = Study(tmp_path, forked=False)  # no job gets as far as Keras
    study.write_choices(config)
    choice = study.directory / "results/compilation/N1.csv"
    again = choice.with_suffix(".again")
    again.write_text(choice.read_text())
    return study, choice, again


def test_a_trial_that_finds_the_same_way_changes_nothing(left, config):
    study, choice, again = left
    before = choice.read_text()
    done = study.run(config, DATA)
    assert done.returncode == 0, done.stdout + done.stderr
    assert CHANGED not in done.stdout + done.stderr
    assert choice.read_text() == before
    assert not again.exists()


def test_another_trial_is_no_first_choice(left, config):
    """Where no choice held, a rule of its own makes one for the jobs that follow."""
    study, choice, again = left
    choice.unlink()
    done = study.run(config, DATA)
    assert done.returncode == 0, done.stdout + done.stderr
    assert CHANGED not in done.stdout + done.stderr
    assert not choice.exists()
    assert not again.exists()
