"""Figures 4 to 6 and remedies: what they plan, what a change reruns, one real run."""

import copy
import itertools
import json
import shutil

import pandas as pd
import pytest

from sharpminima.jobs.cost import Work
from sharpminima.planning import planned_work
from sharpminima.regimes import derived
from studies import Study, counts_of_preview, with_experiments

AFTER = ["LB-after-0", "LB-after-1", "LB-after-3"]
SWEPT = [("N1", "B4"), ("N1", "B16"), ("N2", "B16")]


@pytest.fixture
def config(tiny):
    """The tiny config with every experiment. Yours to edit."""
    return with_experiments(tiny)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny):
    """Return such a study in which every job counts as done. Plan against it."""
    study = Study(tmp_path_factory.mktemp("experiments"))
    study.record_as_finished(with_experiments(tiny))
    return study


def jobs(rule, *networks_and_regimes, seeds=(0, 1)):
    """Return the jobs of a rule for these pairs and seeds."""
    return {
        (rule, f"network={n}, regime={r}, seed={s}")
        for (n, r), s in itertools.product(networks_and_regimes, seeds)
    }


def measured(*networks_and_regimes, seeds=(0, 1)):
    """Return jobs that train and measure; experiments take the first epsilon alone."""
    trained = jobs("train", *networks_and_regimes, seeds=seeds)
    return trained | {
        ("measure_sharpness_at_epsilon", f"{wildcards}, epsilon=0.001")
        for _, wildcards in trained
    }


def of_study(*networks_and_regimes):
    """Return jobs that train, and measure at every epsilon of the study."""
    trained = jobs("train", *networks_and_regimes)
    return trained | jobs("measure_sharpness", *networks_and_regimes)


def of_n1(*names):
    return [("N1", name) for name in names]


def tables(*names):
    return {(f"tabulate_{name}", "") for name in (*names, "cost")}


def charts(name, *networks):
    return {(f"chart_{name}", f"network={network}") for network in networks}


BOTH = ("N1", "N2")
AFTER_SWEEP = charts("sweep", *BOTH) | tables(
    *("sweep_runs", "sweep", "thresholds", "performance_model", "claims")
)
AFTER_WARM_START = charts("warm_start", "N1") | tables(
    *("warm_start_runs", "warm_start", "claims")
)
AFTER_TRAJECTORY = tables("trajectory", "trajectory_means") | AFTER_WARM_START
AFTER_TRAJECTORY |= charts("trajectory", "N1")
EDGE = {"products": 4, "tolerance": 0.01, "batches": 10, "relative_error": 0.5}
SELFTEST = {("measure_selftest", ""), ("tabulate_selftest", "")}
TRAJECTORIES = jobs("measure_trajectory", *of_n1("SB-iterates", "LB-iterates"))
TABLES_OF_REMEDY = (
    *("runs", "networks", "accuracy", "measurements", "sharpness", "ratios"),
    *("anatomy", "minima", "further_regimes", "performance_model"),
)


def after_remedy(network):
    return tables(*TABLES_OF_REMEDY, "claims").union(
        *(
            charts(name, network)
            for name in ("training", "sharpness", "anatomy", "performance_model")
        )
    )


def edit(config, path, value):
    *parents, last = path.split(".")
    for key in parents:
        config = config[key]
    config[last] = value


def test_experiments_that_name_no_network_add_no_job(study, tiny):
    config = json.loads(json.dumps(tiny))
    for section in ("sweep", "iterates", "warm_start"):
        del config[section]
    del config["study"]["further_regimes"]
    assert study.planned(config) == study.planned(tiny)
    assert study.counts(tiny) == {
        **{"prepare_dataset": 1, "choose_compilation": 2},
        **{"train": 8, "measure_sharpness": 8, "measure_interpolation": 4},
        **{f"chart_{c}": 2 for c in ("training", "sharpness", "interpolation")},
        **{"chart_anatomy": 2, "tabulate_anatomy": 1, "tabulate_minima": 1},
        **{f"tabulate_{t}": 1 for t in ("runs", "networks", "accuracy", "cost")},
        **{f"tabulate_{t}": 1 for t in ("measurements", "sharpness", "ratios")},
        **{"tabulate_distances": 1, "tabulate_claims": 1},
        **{"tabulate_performance_model": 1, "chart_performance_model": 2},
    }


def test_each_experiment_adds_its_runs_tables_and_charts(study, config, tiny):
    added = study.planned(config) - study.planned(tiny)
    warm = of_n1(*AFTER)
    assert added == set().union(
        of_study(("N1", "LB-slow")),
        measured(*SWEPT),
        jobs("train", *of_n1("SB-iterates", "LB-iterates")),
        TRAJECTORIES,
        measured(*warm, seeds=[0]),
        tables("further_regimes", "sweep_runs", "sweep", "thresholds") - tables(),
        tables("trajectory", "trajectory_means") - tables(),
        tables("warm_start_runs", "warm_start") - tables(),
        charts("sweep", "N1", "N2"),
        charts("trajectory", "N1"),
        charts("warm_start", "N1"),
    )


def test_a_warm_start_waits_for_the_run_that_it_begins_with(study, config):
    done = study.run(config, "--summary").stdout.splitlines()[1:]
    outputs = {line.split("\t")[0] for line in done}
    assert "results/train/N1/SB-iterates/seed0/iterates.h5" in outputs
    target = "results/train/N1/LB-after-1/seed0/final.weights.h5"
    planned = study.planned(config, target)
    assert planned == jobs("train", *of_n1("SB-iterates", "LB-after-1"), seeds=[0]) | {
        ("prepare_dataset", "dataset=tiny"),
        ("choose_compilation", "network=N1"),
    }


def test_a_preview_counts_the_jobs_of_experiments(study, config):
    text = study.preview(config)
    assert counts_of_preview(text) == study.counts(config)


def test_finished_experiments_plan_nothing(finished, config):
    assert finished.planned(config) == set()


@pytest.mark.parametrize(
    ("path", "value", "reruns"),
    [
        (
            "sweep.batch_sizes.N1",
            [4, 8, 16],
            measured(("N1", "B8")) | AFTER_SWEEP | charts("performance_model", "N1"),
        ),
        (
            "sweep.epochs",
            3,
            measured(*SWEPT) | AFTER_SWEEP | charts("performance_model", *BOTH),
        ),
        (
            "sweep.seeds",
            [0, 1, 2],
            measured(*SWEPT, seeds=[2])
            | AFTER_SWEEP
            | charts("performance_model", *BOTH),
        ),
        ("iterates.epsilon", 2e-3, TRAJECTORIES | AFTER_TRAJECTORY),
        (
            "iterates.epochs",
            [0, 1, 2, 3],
            set().union(
                jobs("train", *of_n1("SB-iterates", "LB-iterates")),
                TRAJECTORIES,
                measured(*of_n1(*AFTER, "LB-after-2"), seeds=[0]),
                AFTER_TRAJECTORY,
            ),
        ),
        (
            "warm_start.seeds",
            [0, 1],
            measured(*of_n1(*AFTER), seeds=[1]) | AFTER_WARM_START,
        ),
        (
            "warm_start.epochs",
            3,
            measured(*of_n1(*AFTER), seeds=[0]) | AFTER_WARM_START,
        ),
        (
            "regimes.LB-slow.learning_rate",
            6e-3,
            of_study(("N1", "LB-slow")) | after_remedy("N1"),
        ),
        (
            "study.further_regimes",
            {"N1": ["LB-slow"], "N2": ["LB-slow"]},
            of_study(("N2", "LB-slow")) | after_remedy("N2"),
        ),
        (
            "study.pairs",
            [["LB", "SB"]],
            tables(
                *("ratios", "further_regimes", "distances"),
                *("performance_model", "claims"),
            )
            | charts("performance_model", *BOTH)
            | charts("sharpness", *BOTH)
            | {
                (rule, f"network={n}, first=LB, second=SB{seed}")
                for n in ("N1", "N2")
                for rule, seed in (
                    ("measure_interpolation", ", seed=0"),
                    ("measure_interpolation", ", seed=1"),
                    ("chart_interpolation", ""),
                )
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_change_of_an_experiment_reruns_only_its_dependants(
    finished, config, path, value, reruns
):
    edit(config, path, value)
    assert finished.planned(config) == reruns


def test_how_training_stops_is_not_for_the_sweep(finished, config):
    """Nor for iterates and warm starts: these train for exactly their epochs."""
    config["training"]["stopping"]["patience"] = 5
    trained = {
        wildcards for rule, wildcards in finished.planned(config) if rule == "train"
    }
    assert {wildcards.split("regime=")[1].split(",")[0] for wildcards in trained} == {
        *("SB", "LB", "LB-slow"),
    }


def test_the_critical_batch_reads_finished_runs(study, config):
    study.record_as_finished(config)
    config["measures"] = ["critical_batch"]
    config["critical_batch"] = {"train_loss": 1.0}
    of_critical = tables("critical_batch") - tables() | charts("sweep", *BOTH)
    assert study.planned(config) == of_critical | SELFTEST
    study.record_as_finished(config)
    config["critical_batch"]["train_loss"] = 0.9
    assert study.planned(config) == of_critical
    config["measures"] = []
    # The chart is drawn again without it.
    assert study.planned(config) == charts("sweep", *BOTH)


def test_the_noise_scale_follows_training_where_iterates_are_kept(finished, config):
    config["measures"] = ["noise_scale"]
    config["noise_scale"] = {"small_batches": [8], "pairs": 2}
    kept = of_n1("SB-iterates", "LB-iterates")
    of_study = [(n, r) for n in BOTH for r in ("SB", "LB")]
    measured = jobs("measure_noise_scale", *kept, *of_study, ("N1", "LB-slow"))
    expected = measured | tables("noise_scale") | charts("sweep", *BOTH)
    assert finished.planned(config) == expected | SELFTEST


def test_the_edge_of_stability_keeps_the_state_of_optimizers(study, config):
    study.record_as_finished(config)
    config["measures"] = ["edge_of_stability"]
    kept = of_n1("SB-iterates", "LB-iterates")
    measured_at_edge = jobs("measure_edge_of_stability", *kept)
    measured_at_edge |= tables("edge_of_stability") | charts("edge_of_stability", "N1")
    # Runs that keep iterates run again, and so does what begins with these.
    again = jobs("train", *kept) | TRAJECTORIES | AFTER_TRAJECTORY
    again |= measured(*of_n1(*AFTER), seeds=[0])
    assert study.planned(config) == measured_at_edge | again | SELFTEST
    study.record_as_finished(config)
    assert study.planned(config) == set()
    config["edge_of_stability"] = {**EDGE, "batches": 11}
    assert study.planned(config) == measured_at_edge


@pytest.fixture(scope="module")
def ran(tmp_path_factory, tiny):
    """Every experiment on one network and seed; one run with iterates diverges."""
    config = with_experiments(tiny)
    config["study"] |= {"networks": ["N1"], "seeds": [0], "pairs": [["SB", "LB"]]}
    config["sweep"]["batch_sizes"] = {"N1": [4, 32]}
    config["regimes"]["HB"] = {"batch_size": 8, "learning_rate": 1e30}
    config["iterates"] |= {"regimes": ["SB", "HB"], "epochs": [0, 1, 30]}
    config["sharpness"]["reference"]["corners"] = 1
    config["measures"] = ["noise_scale", "critical_batch", "edge_of_stability"]
    config["edge_of_stability"] = EDGE
    config["noise_scale"] = {"small_batches": [8], "pairs": 2}
    config["critical_batch"] = {"train_loss": 1.0}
    study = Study(tmp_path_factory.mktemp("ran"))
    done = study.run(config)
    assert done.returncode == 0, done.stdout + done.stderr
    return study, config


def table(ran, name):
    return pd.read_csv(ran[0].directory / f"results/tables/{name}.csv")


@pytest.mark.slow
def test_experiments_run_once(ran):
    study, config = ran
    assert study.planned(config) == set()
    for chart in ("sweep_N1", "trajectory_N1", "warm_start_N1"):
        text = (study.directory / f"results/charts/{chart}.svg").read_text()
        assert text.startswith("<svg")


@pytest.mark.slow
def test_the_sweep_trains_for_exactly_its_epochs(ran):
    rows = table(ran, "sweep_runs")
    assert rows[["batch_size", "epochs", "updates"]].values.tolist() == [
        [4, 2, 32],
        [32, 2, 4],
    ]
    assert (rows["sharpness"] > 0).all()
    assert len(table(ran, "thresholds")) == 2


@pytest.mark.slow
def test_a_warm_start_from_the_starting_point_is_a_cold_run(ran):
    """LB has batches of 32 here, as B32, and both train for two epochs."""
    warm = table(ran, "warm_start_runs").set_index("epoch")
    cold = table(ran, "sweep_runs").set_index("batch_size").loc[32]
    for name in ("test_accuracy", "train_accuracy", "sharpness"):
        assert warm.loc[0, f"second_{name}"] == cold[name]
    assert warm.loc[30, "first_train_loss"] < warm.loc[0, "first_train_loss"]
    assert warm.loc[30, "second_sharpness"] != warm.loc[0, "second_sharpness"]


@pytest.mark.slow
def test_a_trajectory_goes_from_the_starting_point_to_the_end(ran):
    rows = table(ran, "trajectory").set_index(["regime", "epoch"])
    start = rows.xs(0, level="epoch")
    assert (
        start.loc["SB-iterates", "sharpness"] == start.loc["HB-iterates", "sharpness"]
    )
    outcome = ran[0].directory / "results/train/N1/SB-iterates/seed0/outcome.csv"
    outcome, last = pd.read_csv(outcome).iloc[0], rows.loc[("SB-iterates", 30)]
    for name in ("train_loss", "test_loss", "test_accuracy"):
        assert last[name] == pytest.approx(outcome[name], rel=1e-4)
    values = ["train_loss", "test_accuracy", "sharpness"]
    assert rows.loc[("HB-iterates", 30), values].isna().all()


@pytest.mark.slow
def test_the_noise_scale_goes_from_the_starting_point_to_the_end(ran):
    rows = table(ran, "noise_scale").set_index(["regime", "epoch"])
    kept = rows.loc["SB-iterates"]
    assert kept.index.tolist() == ["0", "1", "30"]
    assert (kept["noise_trace_mean"] > 0).all()
    assert rows.loc[("SB", "last"), "noise_trace_mean"] > 0
    folder = ran[0].directory / "results/noise_scale/N1"
    sound, diverged = (
        pd.read_csv(folder / f"{regime}-iterates/seed0.csv") for regime in ("SB", "HB")
    )
    # Both begin at one point, and HB has no numbers after that.
    noise = diverged["noise_trace"]
    assert noise[0] == sound["noise_trace"][0]
    assert noise[1:].isna().all()
    assert set(sound["batch_norm"]) == {"batch"}


@pytest.mark.slow
def test_the_edge_of_stability_goes_from_the_starting_point_to_the_end(ran):
    folder = ran[0].directory / "results/edge_of_stability/N1"
    rows = pd.read_csv(folder / "SB-iterates/seed0.csv").set_index("epoch")
    assert rows.index.tolist() == [0, 1, 30]
    assert rows["iterations"].tolist() == [0, 8, 240]
    assert (rows["eigenvalue"] > 0).all()
    # ADAM has no second moments before its first update.
    assert rows["preconditioned_eigenvalue"].notna().tolist() == [False, True, True]
    assert rows["threshold"].tolist() == pytest.approx([38.0 / 1e-2] * 3)
    diverged = pd.read_csv(folder / "HB-iterates/seed0.csv").set_index("epoch")
    assert diverged["eigenvalue"].notna().tolist() == [True, False, False]
    assert (ran[0].directory / "results/charts/edge_of_stability_N1.svg").exists()


@pytest.mark.slow
def test_the_noise_scale_counts_what_it_evaluated(ran):
    config = derived.with_derived(ran[1])
    for regime in ("SB", "SB-iterates"):
        path = f"results/cost/measure_noise_scale/N1/{regime}/seed0.csv"
        row = pd.read_csv(ran[0].directory / path).iloc[0]
        names = ("gradient_evaluations", "forward_examples", "gradient_examples")
        job = {"rule": "measure_noise_scale", "network": "N1", "regime": regime}
        planned = planned_work.of_measuring(config, job)
        assert planned == Work(*(row[n] for n in names))


@pytest.mark.slow
def test_two_batch_sizes_have_no_critical_one_and_the_chart_says_so(ran):
    (row,) = table(ran, "critical_batch").to_dict("records")
    assert row["note"].startswith("needs 3 batch sizes whose runs all reach the loss")
    chart = (ran[0].directory / "results/charts/sweep_N1.svg").read_text()
    assert "the sweep does not tell the critical batch size" in chart
    assert "orange: noise scale" in chart


@pytest.mark.slow
def test_a_trajectory_counts_what_it_evaluated(ran):
    path = ran[0].directory / "results/cost/measure_trajectory/N1/SB-iterates/seed0.csv"
    row = pd.read_csv(path).iloc[0]
    names = ("gradient_evaluations", "forward_examples", "gradient_examples")
    config = derived.with_derived(ran[1])
    # Two iterations, and the iterate itself.
    job = {"rule": "measure_trajectory", "network": "N1"}
    assert planned_work.of_measuring(config, job) == Work(*(row[n] for n in names))


@pytest.mark.slow
def test_remedies_stand_beside_the_pair(ran):
    rows = table(ran, "further_regimes").set_index(["regime", "epsilon"])
    assert list(rows.index.get_level_values("regime")[::2]) == ["SB", "LB", "LB-slow"]
    assert (rows.loc["LB", "test_accuracy_minus_LB_mean"] == 0).all()
    assert set(table(ran, "accuracy")["regime"]) == {"SB", "LB", "LB-slow"}


@pytest.mark.slow
def test_a_reference_stands_beside_the_papers_search(ran):
    rows = table(ran, "solver_gap").set_index(["regime", "epsilon"])
    assert len(rows) == 3 * 2
    assert (rows[["paper_mean", "reference_mean"]] > 0).all(axis=None)
    gap = 100 * (1 - rows["paper_mean"] / rows["reference_mean"])
    assert rows["percent_below_mean"].tolist() == pytest.approx(gap.tolist(), abs=1e-2)
    chart = ran[0].directory / "results/charts/solver_gap_N1.svg"
    assert "LB-slow, ε = 0.001" in chart.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_new_epsilon_is_measured_apart_and_goes_on_counting(ran, tmp_path):
    """Its rows of cost stay in their table, and no search is made again."""
    study, config = Study(tmp_path / "longer"), copy.deepcopy(ran[1])
    shutil.copytree(ran[0].directory, study.directory, dirs_exist_ok=True)
    config["sharpness"]["epsilons"].append(5e-3)
    folders = [study.directory / "results/sharpness", study.directory / "results/cost"]
    before = {p: p.read_bytes() for folder in folders for p in folder.rglob("*.csv")}
    jobs_before = table(ran, "cost").set_index("rule")["jobs"]
    done = study.run(config)
    assert done.returncode == 0, done.stdout + done.stderr
    assert study.planned(config) == set()
    assert {path: path.read_bytes() for path in before} == before
    added = table((study, config), "cost").set_index("rule")["jobs"] - jobs_before
    # SB, LB and LB-slow, one seed.
    assert added[added > 0].to_dict() == {"measure_sharpness_at_epsilon": 3}
    assert set(table((study, config), "sharpness")["epsilon"]) == {1e-3, 5e-4, 5e-3}


@pytest.mark.slow
def test_the_report_holds_the_experiments(ran):
    study, config = ran
    done = study.run(config, "--report", "report.zip")
    assert done.returncode == 0, done.stdout + done.stderr
