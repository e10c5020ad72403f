"""A network from a file of one's own: where the file is found, what an edit reruns."""

import copy
import os
import re
import shutil

import pandas as pd
import pytest
import yaml

from project import ROOT
from studies import Study, jobs_of

from .test_reruns import after_training, jobs

OWN = ROOT / "tests/config/residual.py"
SOURCE = OWN.read_text()
OF_N3 = jobs("choose_compilation", ["N3"]) | after_training(networks=["N3"])
N3 = {"dataset": "tiny", "builder": "residual.py:residual", "options": {"units": 5}}


def with_own_network(tiny, networks, **changes):
    config = copy.deepcopy(tiny)
    config["networks"]["N3"] = N3 | changes
    config["study"]["networks"] = networks
    return config


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny):
    """A finished study of N1 and of N3, whose builder lies beside the config."""
    study = Study(tmp_path_factory.mktemp("finished"))
    shutil.copy(OWN, study.directory)
    config = with_own_network(tiny, ["N1", "N3"])
    study.record_as_finished(config)
    return study, config


def planned_elsewhere(finished, folder, source, builder=None):
    """Plan the finished study with config and builder file moved to `folder`."""
    study, config = finished
    (folder / "residual.py").write_text(source)
    config = copy.deepcopy(config)
    config["networks"]["N3"]["builder"] = builder or N3["builder"]
    moved = folder / "moved.yaml"
    moved.write_text(yaml.safe_dump(config))
    done = study.snakemake("--dry-run", "--configfile", str(moved))
    assert done.returncode == 0, done.stdout + done.stderr
    return jobs_of(done.stdout + done.stderr)


@pytest.mark.parametrize(
    ("old", "new", "reruns"),
    [
        ("", "", set()),
        ("ops.relu", "ops.gelu", OF_N3),
        ("rate=0.1", "rate=0.2", OF_N3),
        ("import keras\n", "import keras  # version 3\n\n", set()),
        ("Multiplies by", "Is a product with", set()),
    ],
    ids=["nothing", "code", "default", "comment", "docstring"],
)
def test_an_edited_file_reruns_its_network_only(finished, tmp_path, old, new, reruns):
    source = SOURCE.replace(old, new) if old else SOURCE
    assert (source != SOURCE) is bool(old)
    assert planned_elsewhere(finished, tmp_path, source) == reruns


def test_an_absolute_path_is_the_same_network(finished, tmp_path):
    builder = f"{tmp_path}/residual.py:residual"
    assert planned_elsewhere(finished, tmp_path, SOURCE, builder) == set()


def test_a_project_that_moved_reruns_nothing(finished, tmp_path):
    study, config = finished
    moved = Study(tmp_path / "moved")
    shutil.copytree(study.directory, moved.directory, dirs_exist_ok=True)
    assert moved.planned(config) == set()


def test_another_option_reruns_the_network_only(finished, tiny):
    study, _ = finished
    config = with_own_network(tiny, ["N1", "N3"], options={"units": 6})
    assert study.planned(config) == OF_N3


@pytest.fixture
def folders(study, tiny):
    """A study whose working directory and two folders beside it each hold a builder."""
    for name in ("work", "first", "second"):
        (study.directory / name).mkdir()
        shutil.copy(OWN, study.directory / name)
    study.directory /= "work"
    return study


def located(study, *flags):
    """Return the folder, beside the study's, whose file its jobs would get."""
    done = study.snakemake("--dry-run", *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = set(re.findall(r"builder_file=(.*\.py)", done.stdout + done.stderr))
    return os.path.relpath(os.path.dirname(path), study.directory.parent)  # noqa: PTH120


def write(path, config):
    path.write_text(yaml.safe_dump(config))
    return os.path.relpath(path)


NAMED = {"networks": {"N3": {"builder": "residual.py:residual"}}}
NAMED_THERE = "networks={'N3': {'builder': 'residual.py:residual'}}"
SILENT = {"networks": {"N3": {"options": {"units": 7}}}}


def test_a_path_starts_at_the_config_file_that_names_it_last(folders, tiny):
    beside = folders.directory.parent
    write(folders.directory / "config.yaml", with_own_network(tiny, ["N3"]))
    first = write(beside / "first/a.yaml", NAMED)
    second = write(beside / "second/b.yaml", NAMED)
    silent = write(beside / "second/c.yaml", SILENT)
    assert located(folders) == "work"
    assert located(folders, "--configfile", silent) == "work"
    assert located(folders, "--configfile", first) == "first"
    assert located(folders, "--configfile", first, second) == "second"
    assert located(folders, "--configfile", second, first, silent) == "first"
    assert located(folders, "--configfile", first, "--config", NAMED_THERE) == "work"


def test_a_path_that_leads_nowhere_is_a_line_and_no_traceback(folders, tiny):
    config = with_own_network(tiny, ["N3"], builder="nets/residual.py:residual")
    done = folders.run(config, "--dry-run")
    text = done.stdout + done.stderr
    assert done.returncode != 0
    received = f"{folders.directory}/nets/residual.py:residual"
    assert f"No such file or directory. Received: '{received}'" in text
    assert "Traceback" not in text


@pytest.mark.slow
def test_the_network_is_trained_and_measured(tmp_path, tiny):
    """Restored by other jobs, it has the loss that its own run reported.

    This study runs as users run theirs: each job is a Python of its own.
    """
    study = Study(tmp_path, forked=False)
    shutil.copy(OWN, study.directory)
    config = with_own_network(tiny, ["N3"])
    config["study"]["seeds"] = [0]
    done = study.run(config)
    assert done.returncode == 0, done.stdout + done.stderr
    points = pd.read_csv(study.directory / "results/interpolation/N3/SB_LB/seed0.csv")
    for alpha, regime in ((0.0, "SB"), (1.0, "LB")):
        run = f"results/train/N3/{regime}/seed0/outcome.csv"
        outcome = pd.read_csv(study.directory / run).iloc[0]
        assert outcome["builder"] == "residual.py:residual"
        assert (outcome["drawn_by"], outcome["penalties"]) == ("NumPy", 1)
        for measure in ("train_loss", "test_loss", "test_accuracy"):
            at = points[points["alpha"] == alpha][measure].tolist()
            assert at == pytest.approx([outcome[measure]] * 2, rel=1e-4)
    rows = pd.read_csv(study.directory / "results/tables/sharpness.csv")
    assert (rows["sharpness_mean"] > 0).all()
    assert study.planned(config) == set()
