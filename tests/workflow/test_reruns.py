"""A change reruns what depends on it, and nothing else, job by job. No job is run."""

import itertools
import shutil

import pytest

from project import ROOT

NETWORKS, REGIMES, SEEDS = ("N1", "N2"), ("SB", "LB"), (0, 1)
EPSILONS = (1e-3, 5e-4)
NAMES_OF_TABLES = (
    *("runs", "networks", "accuracy", "measurements", "sharpness", "ratios"),
    *("distances", "cost", "performance_model", "claims"),
)
CHARTS = ("training", "sharpness", "interpolation", "performance_model")


def jobs(rule, networks=NETWORKS, regimes=REGIMES, seeds=SEEDS, epsilons=EPSILONS):
    """Return the jobs of a rule for these networks, regimes, seeds and epsilons."""
    match rule:
        case "train":
            return {
                (rule, f"network={n}, regime={r}, seed={s}")
                for n, r, s in itertools.product(networks, regimes, seeds)
            }
        case "measure_sharpness":
            return {
                (rule, f"network={n}, regime={r}, seed={s}, epsilon={e}")
                for n, r, s, e in itertools.product(networks, regimes, seeds, epsilons)
            }
        case "measure_interpolation":
            return {
                (rule, f"network={n}, first=SB, second=LB, seed={s}")
                for n, s in itertools.product(networks, seeds)
            }
        case "choose_compilation":
            return {(rule, f"network={n}") for n in networks}
        case "chart_training" | "chart_sharpness" | "chart_performance_model":
            return {(rule, f"network={n}") for n in networks}
        case "chart_interpolation":
            return {(rule, f"network={n}, first=SB, second=LB") for n in networks}
    return {(rule, "")}


def after_training(**which):
    """Return the jobs that follow from these training runs, themselves included."""
    networks = which.get("networks", NETWORKS)
    seeds = which.get("seeds", SEEDS)
    return set().union(
        jobs("train", **which),
        jobs("measure_sharpness", **which),
        jobs("measure_interpolation", networks=networks, seeds=seeds),
        *(jobs(f"chart_{chart}", networks) for chart in CHARTS),
        TABLES,
    )


OF_SHARPNESS = set().union(
    jobs("tabulate_measurements"),
    jobs("tabulate_sharpness"),
    jobs("tabulate_ratios"),
    jobs("tabulate_claims"),
    jobs("tabulate_cost"),
    jobs("chart_sharpness"),
)
AFTER_SHARPNESS = jobs("measure_sharpness") | OF_SHARPNESS
TABLES = set().union(*(jobs(f"tabulate_{table}") for table in NAMES_OF_TABLES))
AFTER_INTERPOLATION = set().union(
    jobs("measure_interpolation"),
    jobs("tabulate_distances"),
    jobs("tabulate_claims"),
    jobs("tabulate_cost"),
    jobs("chart_interpolation"),
)
BESIDE_PAPER = jobs("tabulate_accuracy") | jobs("tabulate_sharpness")
AFTER_PERFORMANCE = jobs("tabulate_performance_model") | jobs("chart_performance_model")


def edit(config, path, value):
    *parents, last = path.split(".")
    for key in parents:
        config = config[key]
    config[last] = value


def test_a_finished_study_plans_nothing(finished_study, config):
    assert finished_study.planned(config) == set()


@pytest.mark.parametrize(
    ("path", "value", "reruns"),
    [
        (
            "sharpness.epsilons",
            [1e-3, 5e-4, 5e-3],
            jobs("measure_sharpness", epsilons=[5e-3]) | OF_SHARPNESS,
        ),
        ("sharpness.epsilons", [1e-3], OF_SHARPNESS),
        ("sharpness.max_iterations", 3, AFTER_SHARPNESS),
        ("interpolation.alphas.count", 7, AFTER_INTERPOLATION),
        (
            "networks.N2.options.units",
            9,
            jobs("choose_compilation", ["N2"]) | after_training(networks=["N2"]),
        ),
        ("regimes.LB.batch_fraction", 0.25, after_training(regimes=["LB"])),
        ("training.learning_rate", 0.1, after_training()),
        ("training.weight_decay", 0.1, after_training()),
        ("regimes.LB.optimizer", "sgd", after_training(regimes=["LB"])),
        ("training.optimizer_defaults", "keras1", set()),
        ("evaluation.batch_norm", "moving", after_training()),
        ("backend", "jax", jobs("choose_compilation") | after_training()),
        ("study.seeds", [0, 1, 2], after_training(seeds=[2])),
        ("study.networks", ["N2"], TABLES),
        (
            "study.pairs",
            [],
            jobs("tabulate_cost"),
        ),
        ("performance_model.tolerance", 1.0, AFTER_PERFORMANCE),
        ("performance_model", None, set()),
        ("raw_folder", "elsewhere", set()),
        ("networks.N2.memory", {"data": 0, "per_example": 1, "search": 0}, set()),
        ("subset.measure_examples", 32, AFTER_SHARPNESS | AFTER_INTERPOLATION),
        ("subset.train_examples", 48, after_training()),
    ],
)
def test_a_change_of_config_reruns_only_its_dependants(
    finished_study, config, path, value, reruns
):
    edit(config, path, value)
    assert finished_study.planned(config) == reruns


def test_a_new_network_runs_alone(finished_study, config):
    config["networks"]["N3"] = config["networks"]["N2"]
    config["study"]["networks"] = ["N1", "N2", "N3"]
    planned = finished_study.planned(config)
    assert planned == {
        (rule, wildcards.replace("N2", "N3"))
        for rule, wildcards in jobs("choose_compilation", ["N2"])
        | after_training(networks=["N2"])
    }


def test_swapping_two_values_is_a_change(finished_study, config):
    """Snakemake compares params as a set of values: loose scalars would not show it."""
    alphas = config["interpolation"]["alphas"]
    alphas["start"], alphas["stop"] = alphas["stop"], alphas["start"]
    assert finished_study.planned(config) == AFTER_INTERPOLATION


def test_the_order_of_keys_does_not_matter(finished_study, config):
    for section in ("training", "sharpness", "networks", "datasets"):
        config[section] = dict(reversed(config[section].items()))
    assert finished_study.planned(config) == set()


def test_addresses_of_a_dataset_do_not_matter(finished_study, config):
    config["datasets"]["tiny"]["urls"] = ["https://example.org/tiny"]
    assert finished_study.planned(config) == set()


def test_another_folder_of_raw_files_retrains_nothing(finished_study, config):
    planned = finished_study.planned(config, SHARPMINIMA_RAW_FOLDER="/somewhere/else")
    assert planned == set()


def test_touched_files_rerun_nothing(finished_study, config):
    for path in finished_study.directory.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            path.touch()
    assert finished_study.planned(config) == set()


@pytest.fixture
def copied_project(tmp_path):
    """A copy of the workflow's code, to be edited."""
    for name in ("Snakefile", "profiles", "workflow", "envs"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    return tmp_path


def planned_after(finished_study, config, project, module, old, new):
    path = project / "workflow/scripts" / module
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return finished_study.planned(config, snakefile=project / "Snakefile")


@pytest.mark.parametrize(
    ("module", "old", "new", "reruns"),
    [
        (
            "sharpminima/measures/sharpness.py",
            "100.0 * (loss_after",
            "1.0 * (loss_after",
            AFTER_SHARPNESS,
        ),
        (
            "sharpminima/measures/interpolation.py",
            "np.pi / 2.0",
            "np.pi / 3.0",
            AFTER_INTERPOLATION,
        ),
        (
            "sharpminima/charts/style.py",
            "WIDTH, HEIGHT = 260, 200",
            "WIDTH, HEIGHT = 300, 200",
            set().union(*(jobs(f"chart_{chart}") for chart in CHARTS)),
        ),
        (
            "sharpminima/charts/sharpness.py",
            "width=130",
            "width=140",
            jobs("chart_sharpness"),
        ),
        (
            "sharpminima/claims/verdicts.py",
            "mean > bound",
            "mean > 0",
            jobs("tabulate_claims"),
        ),
        ("sharpminima/tables/thresholds.py", "= 4.0", "= 2.0", set()),
        ("sharpminima/tables/cost.py", "/ 1e9", "/ 1e6", jobs("tabulate_cost")),
        ("tabulate_accuracy.py", "digits=4", "digits=3", jobs("tabulate_accuracy")),
        (
            "sharpminima/tables/performance_model.py",
            "- tolerance",
            "+ tolerance",
            AFTER_PERFORMANCE,
        ),
        ("../resources/keskar2017/tables.csv", "98.03", "98.3", BESIDE_PAPER),
        (
            "sharpminima/regimes/stopping.py",
            "1.0 - self",
            "1.1 - self",
            after_training(),
        ),
        (
            "sharpminima/backends/tensorflow.py",
            "threads(1)",
            "threads(2)",
            jobs("choose_compilation") | after_training(),
        ),
        ("sharpminima/backends/jax.py", "jnp.int32", "jnp.int64", set()),
        ("chart_sharpness.py", "regimes=snake", "regimes = snake", set()),
        ("sharpminima/regimes/stopping.py", "Always a stop", "A stop always", set()),
        (
            "sharpminima/networks/initialisation.py",
            "import math",
            "import math  # x",
            set(),
        ),
    ],
    ids=[
        *("measure", "path", "charts", "a chart", "claims", "thresholds"),
        *("unit of the cost", "rounding of a table", "performance model"),
        "paper's values",
        *("stopping rule", "backend", "other backend"),
        *("layout", "docstring", "comment"),
    ],
)
def test_a_change_of_code_reruns_only_its_dependants(
    finished_study, config, copied_project, module, old, new, reruns
):
    planned = planned_after(finished_study, config, copied_project, module, old, new)
    assert planned == reruns


def test_a_checkout_elsewhere_reruns_nothing(finished_study, config, copied_project):
    snakefile = copied_project / "Snakefile"
    assert finished_study.planned(config, snakefile=snakefile) == set()
