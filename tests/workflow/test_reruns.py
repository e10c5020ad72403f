"""A change reruns what depends on it, and nothing else, job by job. No job is run."""

import itertools
import shutil

import pytest

from project import ROOT
from studies import Study, jobs_of

NETWORKS, REGIMES, SEEDS = ("N1", "N2"), ("SB", "LB"), (0, 1)
NAMES_OF_TABLES = (
    *("runs", "networks", "accuracy", "measurements", "sharpness", "ratios"),
    *("anatomy", "minima", "distances", "cost", "performance_model", "claims"),
)
CHARTS = ("training", "sharpness", "anatomy", "interpolation", "performance_model")


def jobs(rule, networks=NETWORKS, regimes=REGIMES, seeds=SEEDS):
    """Return the jobs of a rule for these networks, regimes and seeds."""
    match rule:
        case "train" | "measure_sharpness":
            return {
                (rule, f"network={n}, regime={r}, seed={s}")
                for n, r, s in itertools.product(networks, regimes, seeds)
            }
        case "measure_interpolation":
            return {
                (rule, f"network={n}, first=SB, second=LB, seed={s}")
                for n, s in itertools.product(networks, seeds)
            }
        case "choose_compilation" | "choose_compilation_again":
            return {(rule, f"network={n}") for n in networks}
        case "chart_interpolation":
            return {(rule, f"network={n}, first=SB, second=LB") for n in networks}
        case _ if rule.removeprefix("chart_") in CHARTS:
            return {(rule, f"network={n}") for n in networks}
    return {(rule, "")}


def at_epsilon(rule, epsilon):
    """Return the jobs of a rule for every run at one epsilon."""
    return {(rule, f"{run}, epsilon={epsilon}") for _, run in jobs("train")}


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


OF_PARTS = set().union(
    jobs("tabulate_anatomy"), jobs("tabulate_minima"), jobs("chart_anatomy")
)
OF_SHARPNESS = set().union(
    jobs("tabulate_measurements"),
    jobs("tabulate_sharpness"),
    jobs("tabulate_ratios"),
    jobs("tabulate_claims"),
    jobs("tabulate_cost"),
    OF_PARTS,
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
BESIDE_PAPER = set().union(
    jobs("tabulate_accuracy"), jobs("tabulate_sharpness"), jobs("tabulate_anatomy")
)
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
            at_epsilon("measure_sharpness_at_epsilon", 5e-3) | OF_SHARPNESS,
        ),
        ("sharpness.epsilons", [1e-3], OF_SHARPNESS - jobs("tabulate_cost")),
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
            jobs("tabulate_cost") | jobs("chart_sharpness"),
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


@pytest.mark.parametrize(
    ("apart", "rule"),
    [("", "measure_sharpness"), ("0.005", "measure_sharpness_at_epsilon")],
)
def test_a_job_takes_what_is_apart_from_the_plan_and_not_from_files(
    finished_study, config, apart, rule
):
    """Other jobs may have finished since the plan was made."""
    config["sharpness"]["epsilons"].append(5e-3)
    file = "results/sharpness/N1/SB/seed0/full_0.005.csv"
    job = ("--mode", "remote", file)
    planned = finished_study.planned(config, *job, SHARPMINIMA_APART=apart)
    assert {name for name, _ in planned} == {rule}
    planned = finished_study.planned(config, file, SHARPMINIMA_APART=apart)
    assert {name for name, _ in planned} == {"measure_sharpness_at_epsilon"}


def test_a_new_network_runs_alone(finished_study, config):
    config["networks"]["N3"] = config["networks"]["N2"]
    config["study"]["networks"] = ["N1", "N2", "N3"]
    planned = finished_study.planned(config)
    assert planned == {
        (rule, wildcards.replace("N2", "N3"))
        for rule, wildcards in jobs("choose_compilation", ["N2"])
        | after_training(networks=["N2"])
    }


AVERAGED = {"epsilons": [1e-3], "pairs": 4}


def averaged(epsilon):
    """Return the jobs that measure average-case sharpness, and their table."""
    measured = at_epsilon("measure_average_sharpness", epsilon)
    return measured | jobs("tabulate_average_sharpness")


MATCHED = {
    **{"networks": ["N1"], "gradient_norm": 1e-3, "max_gradients": 4},
    "epsilons": [1e-3],
}


def matched(epsilon):
    """Return the jobs that measure N1 after a descent, and their table."""
    measured = at_epsilon("measure_matched", epsilon)
    of_network = {job for job in measured if "network=N1" in job[1]}
    return of_network | jobs("tabulate_matched")


@pytest.mark.parametrize(
    ("section", "settings", "measured", "change"),
    [
        ("average_sharpness", AVERAGED, averaged, {"pairs": 5}),
        ("matched", MATCHED, matched, {"gradient_norm": 1e-4}),
    ],
)
def test_a_new_measure_runs_alone_and_so_does_its_new_epsilon(
    tmp_path, config, finished_study, section, settings, measured, change
):
    config[section] = settings
    planned = finished_study.planned(config)
    assert planned == measured(1e-3) | jobs("tabulate_cost")
    study = Study(tmp_path)
    study.record_as_finished(config)
    config[section] = settings | {"epsilons": [1e-3, 5e-4]}
    assert study.planned(config) == measured(5e-4) | jobs("tabulate_cost")
    config[section] = settings | change
    assert study.planned(config) == measured(1e-3) | jobs("tabulate_cost")


FORMS = {
    **{"networks": ["N1"], "regimes": ["SB", "LB"], "forms": ["scaled"]},
    **{"factor": 10, "epsilons": [1e-3], "tolerance": 1e-4},
}


def with_forms(networks=("N1",), regimes=REGIMES):
    """Return the jobs that measure other forms of points, and their tables."""
    runs = jobs("train", networks, regimes)
    measured = {("measure_invariance", run) for _, run in runs}
    return measured | jobs("tabulate_invariance") | jobs("tabulate_cost")


def test_forms_with_the_same_function_are_measured_alone(
    tmp_path, config, copied_project
):
    study = Study(tmp_path / "study")
    study.record_as_finished(config)
    config["invariance"] = FORMS
    assert study.planned(config) == with_forms()
    study.record_as_finished(config)
    for change in ({"factor": 3}, {"forms": ["permuted"]}, {"epsilons": [5e-4]}):
        config["invariance"] = FORMS | change
        assert study.planned(config) == with_forms()
    config["invariance"] = FORMS | {"networks": ["N1", "N2"]}
    assert study.planned(config) == with_forms(["N2"])
    config["invariance"] = FORMS
    edited = ("sharpminima/networks/rescalings.py", "norms > 0", "norms >= 0")
    assert planned_after(study, config, copied_project, *edited) == with_forms()


def test_the_descent_measures_nothing_as_trained_again(
    tmp_path, config, copied_project
):
    config["matched"] = MATCHED
    study = Study(tmp_path / "study")
    study.record_as_finished(config)
    edited = "sharpminima/measures/matched.py", "loss <= self", "loss < self"
    planned = planned_after(study, config, copied_project, *edited)
    assert planned == matched(1e-3) | jobs("tabulate_cost")
    edited = "sharpminima/measures/spaces.py", "100.0 * (loss", "1.0 * (loss"
    planned = planned_after(study, config, copied_project, *edited)
    assert planned == matched(1e-3) | AFTER_SHARPNESS


def test_a_reference_searches_again_and_shows_the_gap(finished_study, config):
    config["sharpness"]["reference"]["corners"] = 2
    charts = {("chart_solver_gap", f"network={network}") for network in NETWORKS}
    gap = jobs("tabulate_solver_gap") | charts
    assert finished_study.planned(config) == AFTER_SHARPNESS | gap


VERBS = ("measure", "chart")
AFTER_CURVE = set().union(
    {("measure_curve", run) for _, run in jobs("train")},
    jobs("tabulate_curve"),
    {("chart_curve", f"network={network}") for network in NETWORKS},
)


def test_a_curve_runs_alone_and_repeats_no_search(tmp_path, config, finished_study):
    """Its searches go on from the smaller epsilon, so a new epsilon repeats it."""
    config["sharpness"]["curve"]["epsilons"] = [1e-3, 1e-2]
    of_curve = AFTER_CURVE | jobs("tabulate_cost")
    assert finished_study.planned(config) == of_curve
    study = Study(tmp_path)
    study.record_as_finished(config)
    assert study.planned(config) == set()
    config["sharpness"]["curve"]["epsilons"] = [1e-3, 1e-2, 1e-1]
    assert study.planned(config) == of_curve
    config["sharpness"]["curve"]["epsilons"] = []
    assert study.planned(config) == jobs("tabulate_cost")


# The first measure that a study names comes with the comparison with closed forms, and
# so does a change of any measure's code.
SELFTEST = jobs("measure_selftest") | jobs("tabulate_selftest")
MEASURES = {
    "curvature": (
        {"eigenvalues": 2, "products": 9, "probes": 3, "tolerance": 0.01},
        ["tabulate_curvature", "tabulate_curvature_runs"],
    ),
    "spectral_density": ({"probes": 2, "products": 5}, ["chart_spectral_density"]),
}


def of_measure(name):
    """Return the jobs of a further measure, and what is made of it."""
    results = MEASURES[name][1]
    charts = {(rule, f"network={n}") for rule in results for n in NETWORKS}
    made = {job for job in charts if job[0].startswith("chart")}
    tables = {(rule, "") for rule in results if rule.startswith("tabulate")}
    measured = {(f"measure_{name}", run) for _, run in jobs("train")}
    return measured | made | tables | jobs("tabulate_cost")


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_that_is_named_runs_alone(
    tmp_path, config, copied_project, finished_study, name
):
    """And again, alone, when one of its settings or its formula changes."""
    settings, _ = MEASURES[name]
    config |= {"measures": [name], name: settings}
    assert finished_study.planned(config) == of_measure(name) | SELFTEST
    study = Study(tmp_path / "study")
    study.record_as_finished(config)
    assert study.planned(config) == set()
    config[name] = settings | {"products": 4}
    assert study.planned(config) == of_measure(name)
    config[name] = settings
    edited = f"sharpminima/measures/{name}.py", "streams.generator(", "print("
    planned = planned_after(study, config, copied_project, *edited)
    assert planned == of_measure(name) | SELFTEST


def test_lanczos_measures_again_what_it_finds(tmp_path, config, copied_project):
    for name, (settings, _) in MEASURES.items():
        config[name] = settings
    config["measures"] = [*MEASURES]
    study = Study(tmp_path / "study")
    study.record_as_finished(config)
    edited = "sharpminima/measures/lanczos.py", "range(2)", "range(3)"
    planned = planned_after(study, config, copied_project, *edited)
    assert planned == SELFTEST.union(*map(of_measure, MEASURES))


AFTER_NOISE = set().union(
    {("measure_noise_scale", run) for _, run in jobs("train")},
    jobs("tabulate_noise_scale"),
)


def test_the_noise_scale_is_measured_alone(tmp_path, config, copied_project):
    study = Study(tmp_path / "study")
    study.record_as_finished(config)
    config["measures"] = ["noise_scale"]
    config["noise_scale"] = {"small_batches": [8, 16], "pairs": 3}
    of_noise = AFTER_NOISE | jobs("tabulate_cost")
    assert study.planned(config) == of_noise | SELFTEST
    study.record_as_finished(config)
    assert study.planned(config) == set()
    config["noise_scale"]["pairs"] = 2
    assert study.planned(config) == of_noise
    config["noise_scale"]["pairs"] = 3
    edited = "sharpminima/measures/noise_scale.py", "1.0 / small -", "2.0 / small -"
    planned = planned_after(study, config, copied_project, *edited)
    assert planned == of_noise | SELFTEST


def with_seeds(rule, networks=NETWORKS, seeds=("seed=0",)):
    """Return the jobs of a rule that names the pair of regimes and these seeds."""
    of_pair = [f"network={n}, first=SB, second=LB" for n in networks]
    return {(rule, f"{pair}, {each}") for pair in of_pair for each in seeds}


SURFACE = {"seeds": [0], "points": 5, "margin": 0.25, "planes": 2, "reach": 1.0}
AFTER_SURFACE = with_seeds("measure_surface") | with_seeds("chart_surface")


def test_surfaces_run_alone_and_follow_their_section(tmp_path, config, copied_project):
    study = Study(tmp_path / "study")
    study.record_as_finished(config)
    config |= {"measures": ["surface"], "surface": SURFACE}
    of_surface = AFTER_SURFACE | jobs("tabulate_cost")
    assert study.planned(config) == of_surface | SELFTEST
    study.record_as_finished(config)
    for change in ({"points": 7}, {"planes": 3}, {"margin": 0.5}, {"reach": 2.0}):
        config["surface"] = SURFACE | change
        assert study.planned(config) == of_surface
    config["surface"] = SURFACE | {"seeds": [0, 1]}
    of_seed_1 = [with_seeds(f"{verb}_surface", seeds=["seed=1"]) for verb in VERBS]
    assert study.planned(config) == set().union(*of_seed_1, jobs("tabulate_cost"))
    config["surface"] = SURFACE
    edited = ("sharpminima/charts/contours.py", "zs >= level", "zs > level")
    planned = planned_after(study, config, copied_project, *edited)
    assert planned == with_seeds("chart_surface")


def test_iterates_draw_the_path_of_training_onto_surfaces(tmp_path, config):
    config |= {"measures": ["surface"], "surface": SURFACE}
    study = Study(tmp_path)
    study.record_as_finished(config)
    config["iterates"]["networks"] = ["N1"]
    planned = study.planned(config)
    measured = with_seeds("measure_surface", ["N1"])
    assert measured == {job for job in planned if job[0] == "measure_surface"}


PAIRS_OF_SEEDS = ("seed=0, other=0", "seed=0, other=1", "seed=1, other=1")


def of_barriers(networks=NETWORKS, seeds=PAIRS_OF_SEEDS):
    """Return the jobs that measure barriers, their table and their charts."""
    charts = {("chart_barriers", f"network={n}, first=SB, second=LB") for n in networks}
    measured = with_seeds("measure_barriers", networks, seeds)
    return measured | charts | jobs("tabulate_barriers")


def test_barriers_run_alone_and_a_seed_adds_its_own(tmp_path, config, copied_project):
    study = Study(tmp_path / "study")
    study.record_as_finished(config)
    config |= {"measures": ["barriers"], "barriers": {"points": 5}}
    assert study.planned(config) == of_barriers() | jobs("tabulate_cost") | SELFTEST
    study.record_as_finished(config)
    config["barriers"] = {"points": 7}
    assert study.planned(config) == of_barriers() | jobs("tabulate_cost")
    config["barriers"] = {"points": 5}
    config["study"]["seeds"] = [0, 1, 2]
    with_seed_2 = [f"seed={seed}, other=2" for seed in (0, 1, 2)]
    planned = study.planned(config)
    assert {job for job in planned if "barriers" in job[0]} == of_barriers(
        seeds=with_seed_2
    )
    config["study"]["seeds"] = [0, 1]
    edited = ("sharpminima/networks/permutations.py", "gain > 1e-9", "gain > 1e-6")
    planned = planned_after(study, config, copied_project, *edited)
    assert planned == of_barriers() | jobs("tabulate_cost")


def test_a_pair_of_one_network_redraws_its_charts_alone(tmp_path, config):
    config["regimes"]["LB-slow"] = {"batch_fraction": 0.5, "learning_rate": 5.0e-3}
    config["study"]["further_regimes"] = {"N1": ["LB-slow"]}
    config["sharpness"]["curve"]["epsilons"] = [1e-3, 1e-2]
    study = Study(tmp_path)
    study.record_as_finished(config)
    config["study"]["pairs"].append(["SB", "LB-slow"])
    text = study.run(config, "--dry-run").stdout
    redrawn = {(rule, "network=N1") for rule in ("chart_sharpness", "chart_curve")}
    charts = jobs("chart_sharpness") | {job for job in AFTER_CURVE if "chart" in job[0]}
    assert jobs_of(text) & charts == redrawn
    # Both charts see the regimes and pairs of N1, and nothing else.
    pairs = [["SB", "LB"], ["SB", "LB-slow"]]
    params = {"regimes": ["SB", "LB", "LB-slow"], "pairs": pairs}
    assert text.count(f"now: {params}") == 2


def test_swapping_two_values_is_a_change(finished_study, config):
    """Snakemake compares params as a set of values: loose scalars would not show it."""
    alphas = config["interpolation"]["alphas"]
    alphas["start"], alphas["stop"] = alphas["stop"], alphas["start"]
    assert finished_study.planned(config) == AFTER_INTERPOLATION


def test_the_order_of_keys_does_not_matter(finished_study, config):
    for section in ("training", "sharpness", "networks", "datasets"):
        config[section] = dict(reversed(config[section].items()))
    assert finished_study.planned(config) == set()


def test_cores_and_threads_do_not_matter(finished_study, config):
    flags = ("--cores", "4", "--set-threads", "train=2")
    assert finished_study.planned(config, *flags) == set()


@pytest.mark.parametrize("profile", ["none", str(ROOT / "profiles/gpu")])
def test_another_profile_or_attempt_does_not_matter(finished_study, config, profile):
    flags = ("--workflow-profile", profile, "--attempt", "2", "--resources", "gpu=1")
    # Without a profile, Snakemake goes by the times of scripts as well.
    flags += ("--rerun-triggers", "mtime", "params", "input", "software-env")
    assert finished_study.planned(config, *flags) == set()


def test_ways_of_compiling_are_tried_again_on_demand(finished_study, config):
    planned = finished_study.planned(config, "--forcerun", "choose_compilation_again")
    assert planned == jobs("choose_compilation_again") | jobs("tabulate_cost")


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
    for name in ("Snakefile", "config.yaml", "profiles", "workflow", "envs"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    return tmp_path


def planned_after(finished_study, config, project, module, old, new):
    path = project / "workflow/scripts" / module
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return finished_study.planned(config, snakefile=project / "Snakefile")


# What is edited: a file of the workflow, the text before and after, and what reruns.
EDITS = {
    "formula of a measure": (
        "sharpminima/measures/spaces.py",
        "100.0 * (loss_after",
        "1.0 * (loss_after",
        AFTER_SHARPNESS,
    ),
    "path of a plot": (
        "sharpminima/measures/interpolation.py",
        "np.pi / 2.0",
        "np.pi / 3.0",
        AFTER_INTERPOLATION,
    ),
    "what a measure plans": (
        "sharpminima/measures/interpolation.py",
        "points = len(PATHS)",
        "points = 2 * len(PATHS)",
        set(),
    ),
    "size of all charts": (
        "sharpminima/charts/style.py",
        "WIDTH, HEIGHT = 260, 200",
        "WIDTH, HEIGHT = 300, 200",
        set().union(*(jobs(f"chart_{chart}") for chart in CHARTS)),
    ),
    "size of a chart": (
        "sharpminima/charts/sharpness.py",
        "width=130",
        "width=140",
        jobs("chart_sharpness"),
    ),
    "colour of a chart": (
        "sharpminima/charts/interpolation.py",
        "style.VERMILION",
        '"#009E73"',
        jobs("chart_interpolation"),
    ),
    "what a sharpness is made of": (
        "sharpminima/tables/summaries/parts.py",
        "MOST = 0.5",
        "MOST = 0.6",
        OF_PARTS,
    ),
    "when a loss is a spike": (
        "sharpminima/tables/robustness/minima.py",
        "= 1.25, 5",
        "= 1.5, 5",
        jobs("tabulate_minima"),
    ),
    "verdict of a claim": (
        "sharpminima/claims/verdicts.py",
        "mean > bound",
        "mean > 0",
        jobs("tabulate_claims"),
    ),
    "table that the study lacks": (
        "sharpminima/tables/experiments/thresholds.py",
        "= 4.0",
        "= 2.0",
        set(),
    ),
    "unit of the cost table": (
        "sharpminima/tables/cost.py",
        "/ 1e9",
        "/ 1e6",
        jobs("tabulate_cost"),
    ),
    "column of the cost table": (
        "sharpminima/tables/cost.py",
        '"seconds", "gradient_evaluations"',
        '"seconds", "startup_seconds", "gradient_evaluations"',
        jobs("tabulate_cost"),
    ),
    "unit of a job's cost": ("sharpminima/jobs/cost.py", "/ 1e6", "/ 2**20", set()),
    "rounding of a table": (
        "tabulate_distances.py",
        "digits=4",
        "digits=3",
        jobs("tabulate_distances"),
    ),
    "performance model": (
        "sharpminima/tables/performance_model.py",
        "- tolerance",
        "+ tolerance",
        AFTER_PERFORMANCE,
    ),
    "paper's values": (
        "../resources/keskar2017/tables.csv",
        "98.03",
        "98.3",
        BESIDE_PAPER,
    ),
    "stopping rule": (
        "sharpminima/regimes/stopping.py",
        "1.0 - self",
        "1.1 - self",
        after_training(),
    ),
    "backend": (
        "sharpminima/backends/tensorflow.py",
        "threads(1)",
        "threads(2)",
        jobs("choose_compilation") | after_training(),
    ),
    "other backend": (
        "sharpminima/backends/jax.py",
        "jnp.int32",
        "jnp.int64",
        set(),
    ),
    "trials of compiling": (
        "sharpminima/training/trial.py",
        "ROUNDS, SECONDS = 5",
        "ROUNDS, SECONDS = 9",
        jobs("choose_compilation_again") | jobs("tabulate_cost"),
    ),
    "builder of networks": (
        "sharpminima/networks/builders.py",
        "BATCH_NORM_EPSILON = 1e-5",
        "BATCH_NORM_EPSILON = 1e-4",
        jobs("choose_compilation") | after_training(),
    ),
    "FLOPs of a network": (
        "sharpminima/networks/flops.py",
        "2 * math.prod",
        "3 * math.prod",
        set(),
    ),
    "size of a network": (
        "sharpminima/networks/size.py",
        "math.prod(v.shape)",
        "2 * math.prod(v.shape)",
        set(),
    ),
    "trial of a network": (
        "sharpminima/networks/repeatable.py",
        "np.sqrt(",
        "np.cbrt(",
        set(),
    ),
    "draw of initial weights": (
        "sharpminima/networks/initialisation.py",
        "rng.uniform(-limit",
        "rng.uniform(0 * limit",
        jobs("choose_compilation_again") | after_training(),
    ),
    "remedy that no run uses": (
        "sharpminima/training/adversarial.py",
        "(1.0 - weight)",
        "(2.0 - weight)",
        set(),
    ),
    "line of training's log": (
        "sharpminima/training/fit.py",
        "epoch %d/%d ",
        "epoch %d of %d",
        set(),
    ),
    "value in training's log": (
        "sharpminima/training/fit.py",
        'len(dataset.x_train) / row["seconds"]',
        'len(dataset.x_test) / row["seconds"]',
        set(),
    ),
    "line of a search's log": (
        "sharpminima/measures/sharpness.py",
        'logging.info("%s", row)',
        'logging.info("found %s", row)',
        set(),
    ),
    "format of all logs": (
        "sharpminima/jobs/logs.py",
        "%(asctime)s %(message)s",
        "%(levelname)s %(message)s",
        set(),
    ),
    "advice on a fault": (
        "sharpminima/storage/faults.py",
        "Free space or inodes there.",
        "Make room there.",
        set(),
    ),
    "wording of an error": (
        "sharpminima/regimes/batches.py",
        "must hold at least",
        "has to hold at least",
        set(),
    ),
    "layout": ("chart_anatomy.py", "regimes=snake", "regimes = snake", set()),
    "docstring": (
        "sharpminima/regimes/stopping.py",
        "Training always stops",
        "Training stops always",
        set(),
    ),
    "comment": (
        "sharpminima/networks/initialisation.py",
        "import math",
        "import math  # x",
        set(),
    ),
}


@pytest.mark.parametrize(
    ("module", "old", "new", "reruns"), EDITS.values(), ids=EDITS.keys()
)
def test_a_change_of_code_reruns_only_its_dependants(
    finished_study, config, copied_project, module, old, new, reruns
):
    planned = planned_after(finished_study, config, copied_project, module, old, new)
    assert planned == reruns


def test_the_solver_does_not_measure_average_sharpness_again(
    tmp_path, config, copied_project
):
    """It measures sharpness again, of minima and of iterates, and the curve."""
    config["average_sharpness"] = AVERAGED
    config["sharpness"]["curve"]["epsilons"] = [1e-3, 1e-2]
    config["iterates"]["networks"] = ["N1"]
    study = Study(tmp_path / "study")
    study.record_as_finished(config)
    maximisers = "sharpminima/measures/maximisers.py"
    edited = (maximisers, "factor = 100.0", "factor = 10.0")
    kept = {"networks": ["N1"], "regimes": ["SB-iterates", "LB-iterates"]}
    reruns = AFTER_SHARPNESS.union(
        AFTER_CURVE,
        {("measure_trajectory", run) for _, run in jobs("train", **kept)},
        jobs("tabulate_trajectory"),
        jobs("tabulate_trajectory_means"),
        {("chart_trajectory", "network=N1")},
    )
    assert planned_after(study, config, copied_project, *edited) == reruns


def test_a_remedys_formula_retrains_the_runs_that_use_it(
    tmp_path, config, copied_project
):
    """Each remedy, and averaging, has a regime of its own, beside plain LB."""
    remedies = {
        "augmentation": {"flip": True, "rotation": 10, "translation": 0.2},
        "conservative": {"weight": 1e-3, "iterations": 3},
        "adversarial": {"strength": 0.1, "weight": 0.5},
        "stability": {"noise": 0.1, "weight": 1.0},
        "averaging": {"last_epochs": 2},
    }
    config["training"]["stopping"]["min_epochs"] = 2
    for name, settings in remedies.items():
        config["regimes"][f"LB-{name}"] = {"batch_fraction": 0.5, name: settings}
    config["study"] |= {"networks": ["N1"], "regimes": ["LB"], "pairs": []}
    config["study"]["regimes"] += [f"LB-{name}" for name in remedies]
    study = Study(tmp_path / "study")
    study.record_as_finished(config)
    for name in remedies:
        module = copied_project / f"workflow/scripts/sharpminima/training/{name}.py"
        before = module.read_text()
        module.write_text(f"{before}\nSTRONGER = 2\n")
        planned = study.planned(config, snakefile=copied_project / "Snakefile")
        module.write_text(before)
        runs = {wildcards for rule, wildcards in planned if rule == "train"}
        assert runs == {f"network=N1, regime=LB-{name}, seed={seed}" for seed in SEEDS}


def test_another_way_of_compiling_reruns_its_network_alone(tmp_path, config):
    study = Study(tmp_path)
    study.record_as_finished(config)
    choice = tmp_path / "results/compilation/N1.csv"
    choice.write_text(choice.read_text().replace("graph", "xla"))
    assert study.planned(config) == after_training(networks=["N1"])


def test_a_checkout_elsewhere_reruns_nothing(finished_study, config, copied_project):
    snakefile = copied_project / "Snakefile"
    assert finished_study.planned(config, snakefile=snakefile) == set()
