"""The oldest Snakemake that the Snakefile admits plans the same jobs, and runs them."""

import subprocess

import pytest

from project import OLDEST, ROOT, default_config, printed, require_oldest
from studies import ENVIRONMENT, jobs_of


@pytest.fixture
def oldest(study):
    """Return a function that runs the oldest Snakemake in a study's directory."""
    require_oldest()

    def snakemake(config, *flags):
        command = [OLDEST, "-m", "snakemake", "--cores", "1", *flags]
        command += ["--configfile", study.write(config)]
        command += ["--snakefile", ROOT / "Snakefile", "--directory", study.directory]
        return printed(command, env=ENVIRONMENT)

    return snakemake


def test_it_is_as_old_as_the_pin_says():
    require_oldest()
    pin = (ROOT / "envs/requirements-oldest.in").read_text()
    command = [OLDEST, "-m", "snakemake", "--version"]
    version = subprocess.check_output(command, text=True).strip()
    assert f"snakemake =={version}\n" in pin


@pytest.mark.parametrize("name", ["tiny", "default"])
def test_it_plans_the_same_jobs(oldest, study, config, name):
    config = config if name == "tiny" else default_config()
    jobs = jobs_of(oldest(config, "--dry-run"))
    assert jobs == study.planned(config)
    assert ("train", "network=N1, regime=SB, seed=0") in jobs or name == "default"


@pytest.mark.slow
def test_it_runs_a_job(oldest, study, config):
    data = "results/data/tiny.h5"
    oldest(config, data)
    assert (study.directory / data).exists()
    # To the newest one, that job is done.
    assert study.planned(config, data) == set()


def test_it_finds_nothing_to_complain_of(oldest, config):
    assert "your workflow is in a good condition" in oldest(config, "--lint")
