"""Studies plan what they exist for, and none makes another run again."""

import copy
import functools

import pytest

from project import ROOT
from studies import Study, jobs_of


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


def with_own_config(directory):
    """Return a study with the project's own config, in which nothing has run."""
    (directory / "config.yaml").write_text((ROOT / "config.yaml").read_text())
    return Study(directory)


def overlays(*names):
    """Return the flags that merge these studies into the default one."""
    paths = [str(ROOT / f"workflow/studies/{name}.yaml") for name in names]
    return ["--configfile", *paths]


@pytest.fixture(scope="module")
def default_finished(tmp_path_factory):
    """A directory in which the default study has run. Other studies may follow it."""
    project = with_own_config(tmp_path_factory.mktemp("default"))
    project.record_overlay_as_finished()
    return project


@pytest.fixture(scope="module")
def made_by(tmp_path_factory):
    """Return a function from a study's name to the files that its dry run plans.

    They come without the study's own folder and their formats. Two have none: they go
    on where the default study has ended.
    """
    project = with_own_config(tmp_path_factory.mktemp("project"))

    @functools.cache
    def made(name):
        names = ["keskar2017", name] if name == "stand-ins" else [name]
        memory = ("--resources", "mem_mb=100000")
        done = project.snakemake("--summary", *memory, *overlays(*names))
        assert done.returncode == 0, done.stdout + done.stderr
        outputs = [line.split("\t")[0] for line in done.stdout.splitlines()[1:]]
        own = name not in ("averaging", "matched")
        folder = f"results/{name}/" if own else "results/"
        return {path.removeprefix(folder).split(".")[0] for path in outputs}

    return made


def test_the_default_then_mnist_then_the_default_plans_nothing(default_finished):
    mnist = overlays("mnist")
    default_finished.record_overlay_as_finished(*mnist)
    for overlay in ((), mnist):
        done = default_finished.snakemake("--dry-run", *overlay)
        assert "Nothing to be done" in done.stdout + done.stderr


NETWORKS = ("F1", "F2", "C1", "C2", "C3", "C4")
OF_FIGURES = {"tables/sweep", "tables/warm_start", "tables/trajectory"}
OF_PAPER = {f"train/{n}/{r}/seed0/final" for n in NETWORKS for r in ("SB", "LB")}
OF_SEED_4 = {path.replace("seed0", "seed4") for path in OF_PAPER}


def data(*datasets):
    return {f"results/data/{dataset}" for dataset in datasets}


PURPOSES = {
    "averaging": {"train/F1/SB-averaged/seed5/final", "tables/further_regimes"},
    "curve": {"tables/curve", "charts/curve_F1"},
    "figures": OF_FIGURES | {"train/F1/LB-stability/seed0/final"},
    "invariance": {"tables/invariance", "tables/average_sharpness"},
    "jax": {"train/F1/LB/seed5/final"},
    "keskar2017": OF_FIGURES
    | OF_SEED_4
    | data("mnist", "timit", "cifar10", "cifar100"),
    "keskar2017-small": OF_FIGURES | OF_PAPER | data("mnist5k", "ru-speech"),
    "matched": {"tables/matched"},
    "measures": {
        *(f"tables/{name}" for name in ("curvature", "point_and_box", "barriers")),
        *("tables/edge_of_stability", "tables/noise_scale", "tables/critical_batch"),
        *("tables/selftest", "charts/spectral_density_F1", "charts/surface_F1_SB_LB_0"),
    },
    "mnist": {"train/F1/SB/seed4/final"} | data("mnist"),
    "solver-gap": {"tables/solver_gap", "charts/solver_gap_F1"},
    "stand-ins": OF_SEED_4 | data("mnist", "ru-speech", "cifar10", "cifar100"),
}


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in ROOT.glob("workflow/studies/*.yaml"))
)
def test_every_study_plans_what_it_exists_for(made_by, name):
    assert PURPOSES[name] <= made_by(name)


def experiments(outputs):
    """Return the tables and charts among the files of a study."""
    return {path for path in outputs if path.startswith(("tables/", "charts/"))}


def test_the_default_study_on_jax_trains_again(default_finished):
    """Told to use the same folder."""
    folder = ("--config", "pathvars={results: results}")
    done = default_finished.snakemake("--dry-run", *overlays("jax"), *folder)
    jobs = jobs_of(done.stdout + done.stderr)
    assert len([job for job in jobs if job[0] == "train"]) == 2 * 6


def test_the_small_study_makes_all_that_the_papers_does(made_by):
    """But for networks and pairs that it leaves out of an experiment."""
    whole, small = map(experiments, map(made_by, ("keskar2017", "keskar2017-small")))
    assert small < whole
    for pair in ("SB_LB", "SB-sgd_LB-sgd", "SB-adagrad_LB-adagrad"):
        assert f"charts/interpolation_C1_{pair}" in small
    tables = {path for path in whole if path.startswith("tables")}
    assert tables <= small
    for experiment in ("sweep", "trajectory", "warm_start"):
        for network in ("F2", "C1"):
            assert f"charts/{experiment}_{network}" in small
