"""Studies live side by side: none makes another run again."""

import copy

import pytest

from project import ROOT
from studies import Study


def test_one_study_after_another_leaves_both_finished(tmp_path, tiny):
    study = Study(tmp_path)
    other = copy.deepcopy(tiny)
    other["pathvars"] = {"results": "results/other"}
    other["study"]["seeds"] = [0]
    other["regimes"]["SB"] = {"batch_size": 4}
    study.record_as_finished(tiny)
    study.record_as_finished(other)
    assert study.planned(tiny) == set()
    assert study.planned(other) == set()


@pytest.fixture
def project(tmp_path):
    """A directory with the project's own config, in which nothing has run."""
    study = Study(tmp_path)
    (tmp_path / "config.yaml").write_text((ROOT / "config.yaml").read_text())
    return study


MNIST = ("--configfile", str(ROOT / "workflow/studies/mnist.yaml"))


def test_an_overlay_is_merged_into_the_default_config(project):
    done = project.snakemake("--summary", *MNIST)
    assert done.returncode == 0, done.stderr
    outputs = {line.split("\t")[0] for line in done.stdout.splitlines()[1:]}
    assert "results/data/mnist.h5" in outputs
    assert "results/mnist/train/F1/SB/seed4/final.weights.h5" in outputs


def test_default_then_mnist_then_default_plans_nothing(project):
    project.record_overlay_as_finished()
    project.record_overlay_as_finished(*MNIST)
    for overlay in ((), MNIST):
        done = project.snakemake("--dry-run", *overlay)
        assert "Nothing to be done" in done.stdout + done.stderr


def outputs_of(project, *names):
    """Return all files of the study that these overlays make."""
    overlays = [str(ROOT / f"workflow/studies/{name}.yaml") for name in names]
    memory = ("--resources", "mem_mb=100000")
    done = project.snakemake("--summary", *memory, "--configfile", *overlays)
    assert done.returncode == 0, done.stderr
    return {line.split("\t")[0] for line in done.stdout.splitlines()[1:]}


def experiments(outputs, name):
    """Return the tables and charts of a study, without folder and format."""
    folder = f"results/{name}/"
    return {
        path.removeprefix(folder).split(".")[0]
        for path in outputs
        if path.startswith((f"{folder}tables", f"{folder}charts"))
    }


@pytest.mark.parametrize(
    ("name", "speech"), [("keskar2017", "timit"), ("stand-ins", "ru-speech")]
)
def test_the_papers_study_asks_for_all_six_networks(project, name, speech):
    outputs = outputs_of(project, *dict.fromkeys(["keskar2017", name]))
    datasets = {"mnist", speech, "cifar10", "cifar100"}
    assert {f"results/data/{d}.h5" for d in datasets} < outputs
    for network in ("F1", "F2", "C1", "C2", "C3", "C4"):
        for regime in ("SB", "LB"):
            run = f"results/{name}/train/{network}/{regime}/seed4/final.weights.h5"
            assert run in outputs


def test_the_small_study_makes_all_that_the_papers_does(project):
    """But for networks and pairs that it leaves out of an experiment."""
    whole = experiments(outputs_of(project, "keskar2017"), "keskar2017")
    small = experiments(outputs_of(project, "keskar2017-small"), "keskar2017-small")
    assert small < whole
    for pair in ("SB_LB", "SB-sgd_LB-sgd", "SB-adagrad_LB-adagrad"):
        assert f"charts/interpolation_C1_{pair}" in small
    tables = {path for path in whole if path.startswith("tables")}
    assert tables <= small
    for experiment in ("sweep", "trajectory", "warm_start"):
        for network in ("F2", "C1"):
            assert f"charts/{experiment}_{network}" in small
