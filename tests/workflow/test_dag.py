"""The shape of the DAG: how many jobs a config asks for, and which way data flows."""

import ast
import json
import os
import re
import subprocess
import sys
from collections import Counter

import pytest
import yte

from project import ROOT, require_slurm
from sharpminima.planning.rules import RULES, rule
from sharpminima.planning.runtime import STEP, UNKNOWN
from sharpminima.storage import rows
from studies import with_experiments

MATCHED = {
    **{"networks": ["N2"], "gradient_norm": 1e-3, "max_gradients": 5},
    "epsilons": [5e-4],
}
RUN = "network=N1, regime=SB, seed=0"
MEMORY = {"data": 5, "per_example": 10.0, "search": 700}


def graph_of(study, config):
    """Return the number of jobs of each rule, and of edges (from, to) between rules."""
    done = study.run(config, "--d3dag")
    assert done.returncode == 0, done.stdout + done.stderr
    graph = json.loads(done.stdout)
    rule = {node["id"]: node["value"]["rule"] for node in graph["nodes"]}
    edges = Counter((rule[e["u"]], rule[e["v"]]) for e in graph["edges"])
    return Counter(rule.values()), edges


def test_one_job_per_network_regime_and_seed(study, config):
    jobs, _ = graph_of(study, config)
    assert jobs["prepare_dataset"] == 1
    assert jobs["train"] == 2 * 2 * 2
    assert jobs["measure_sharpness"] == 2 * 2 * 2
    assert jobs["measure_interpolation"] == 2 * 2
    assert jobs["chart_interpolation"] == jobs["chart_performance_model"] == 2
    assert jobs["tabulate_claims"] == jobs["tabulate_performance_model"] == 1


def test_a_new_seed_adds_its_own_jobs_only(study, config):
    config["study"]["seeds"].append(7)
    jobs, _ = graph_of(study, config)
    assert jobs["train"] == 2 * 2 * 3
    assert jobs["measure_interpolation"] == 2 * 3


def test_a_study_may_have_no_pairs(study, config):
    config["study"]["pairs"] = []
    jobs, _ = graph_of(study, config)
    assert jobs["measure_interpolation"] == jobs["tabulate_distances"] == 0
    assert jobs["tabulate_claims"] == jobs["tabulate_performance_model"] == 0
    assert jobs["chart_performance_model"] == 0


def test_a_pair_of_one_network_is_drawn_for_it_alone(study, config):
    config["regimes"]["LB-slow"] = {"batch_fraction": 0.5, "learning_rate": 5.0e-3}
    config["study"]["pairs"].append(["SB", "LB-slow"])
    config["study"]["further_regimes"] = {"N1": ["LB-slow"]}
    jobs, edges = graph_of(study, config)
    assert jobs["measure_interpolation"] == 2 * (2 + 1)
    assert jobs["chart_interpolation"] == 2 + 1
    for table in ("tabulate_distances", "tabulate_cost"):
        assert edges["measure_interpolation", table] == jobs["measure_interpolation"]
    assert edges["measure_interpolation", "tabulate_claims"] == 2 * 2
    assert edges["chart_interpolation", "all"] == jobs["chart_interpolation"]


def test_a_study_may_have_no_performance_model(study, config):
    config["performance_model"] = None
    jobs, _ = graph_of(study, config)
    assert jobs["tabulate_performance_model"] == jobs["chart_performance_model"] == 0
    assert jobs["tabulate_claims"] == 1


def test_only_what_the_study_names_runs(study, config):
    config["study"] |= {"networks": ["N2"], "regimes": ["LB"], "pairs": []}
    jobs, _ = graph_of(study, config)
    assert jobs["train"] == 2


def test_only_the_networks_that_are_named_are_matched(study, config):
    config["matched"] = MATCHED
    jobs, edges = graph_of(study, config)
    assert jobs["measure_matched"] == 2 * 2
    assert edges["measure_matched", "tabulate_matched"] == 2 * 2
    # Files of the same runs, spaces and epsilon, as trained.
    assert edges["measure_sharpness", "tabulate_matched"] == 2 * 2
    assert edges["measure_matched", "tabulate_cost"] == 2 * 2


def test_speech_has_a_preparation_of_its_own(study, config):
    config["datasets"]["voice"] = {
        **config["datasets"]["tiny"],
        **{"reader": "festvox", "options": {"context": 4}},
        "files": {"voice.deb": "0" * 64},
    }
    config["networks"]["N2"]["dataset"] = "voice"
    both = study.planned(config)
    assert ("prepare_speech", "dataset=voice") in both
    assert ("prepare_dataset", "dataset=tiny") in both
    del config["datasets"]["tiny"], config["networks"]["N1"]
    config["study"]["networks"] = ["N2"]
    alone = study.planned(config)
    assert {job for job in alone if "prepare" in job[0]} == {
        ("prepare_speech", "dataset=voice")
    }


def test_data_flows_one_way(study, config):
    """Only tables and charts read results of their own stage."""
    jobs, edges = graph_of(study, config)
    stage = {name: rule(name).stage for name in jobs if name != "all"}
    up = [e for e in edges if e[1] != "all" and stage[e[0]] > stage[e[1]]]
    assert up == []
    level = {e for e in edges if e[1] != "all" and stage[e[0]] == stage[e[1]]}
    assert {name.split("_")[0] for edge in level for name in edge} == {"tabulate"}


def test_a_study_keeps_to_its_own_folder_but_for_the_data(study, config):
    config["pathvars"] = {"results": "results/other"}
    lines = study.run(config, "--summary").stdout.splitlines()[1:]
    outputs = {line.split("\t")[0] for line in lines}
    outside = {path for path in outputs if not path.startswith("results/other/")}
    assert outside == {"results/data/tiny.h5", "results/data/tiny.cost.csv"}


def refused(done):
    """Return what a refused run prints, without Snakemake's line on the profile."""
    assert done.returncode == 1
    first, *lines = (done.stderr + done.stdout).splitlines()
    assert first.startswith("Using workflow specific profile")
    return lines


def test_mistakes_in_the_config_are_lines_without_a_frame(study, config):
    config["training"]["epoch"] = 3
    config["study"]["seeds"] = [0, 0]
    heading, seeds, epoch = refused(study.run(config, "--dry-run"))
    assert heading == "The config has mistakes:"
    assert seeds == "study.seeds: must not name anything twice. Received twice: 0"
    assert epoch.startswith("training.epoch: unknown key. Allowed: adversarial,")


def test_a_key_twice_in_a_config_file_is_refused_with_both_lines(study, config):
    text = "subset: {}\nstudy: {}\nsubset: {}\n"
    path = study.directory / "twice.yaml"
    path.write_text(text)
    assert refused(study.snakemake("--dry-run", "--configfile", str(path))) == [
        "Config files cannot be used:",
        f"{path}, lines 1 and 3: must not have a key twice in one mapping. "
        "Received: 'subset'",
    ]


def test_numbers_of_the_command_line_are_numbers(study, config):
    config["study"]["seeds"] = [3]
    expected = study.planned(config)
    config["study"]["seeds"] = [0, 1]
    given = "study={seeds: [3]}", "sharpness={max_iterations: 10}"
    assert study.planned(config, "--config", *given) == expected
    done = study.run(config, "--dry-run", "--config", "study={seeds: [x]}")
    assert refused(done)[1:] == [
        "study.seeds[0]: must be a whole number. Received: 'x'"
    ]


def test_what_fits_into_no_machine_is_refused_without_a_limit(study, config):
    config["networks"]["N1"]["options"]["units"] = 10**12
    flags = ("--dry-run", "--resources", "gpu=1")
    heading, line = refused(study.run(config, *flags))
    assert heading == "Jobs do not fit into memory:"
    assert line.startswith("networks.N1: training would take at least ")


def test_a_config_can_be_checked_before_snakemake_starts(study, config):
    (study.directory / "config.yaml").write_text("study: {seeds: [-1]}")
    (study.directory / "open.yaml").write_text("study: {seeds: [0}")
    command = [sys.executable, str(ROOT / "workflow/scripts/check_config.py")]
    for flags, line in (
        ([], "study.seeds[0]: must be at least 0. Received: -1"),
        (["--configfile", "open.yaml"], "open.yaml, line 1, column 18: must be YAML: "),
        (["--configfile", "missing.yaml"], "missing.yaml: must be a file that can"),
    ):
        done = subprocess.run(
            command + flags,
            cwd=study.directory,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(line)
        assert done.stderr.count("\n") == 1
    recipe = re.search(r"^study:.*\n(.*)\n", (ROOT / "Makefile").read_text(), re.M)
    assert "check_config.py" in recipe[1]


def test_a_backend_that_is_not_installed_stops_the_study_but_no_plan(study, config):
    config["backend"] = "jax"
    (study.directory / "sitecustomize.py").write_text(
        "import sys; sys.modules['jax'] = None"
    )
    without_jax = {"PYTHONPATH": str(study.directory)}
    assert study.run(config, "--dry-run", **without_jax).returncode == 0
    done = study.run(config, **without_jax)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    *_, last = text.splitlines()
    assert last.startswith("backend: jax is not installed here. Use an environment tha")
    assert "common.smk" not in text
    assert not [*study.directory.glob(".snakemake/locks/*")]
    assert not (study.directory / "results").exists()


def test_rules_that_compute_say_what_they_need():
    for name in ("train", "analyse"):
        text = (ROOT / f"workflow/rules/{name}.smk").read_text()
        # Some rules stand under an `if`, and are indented.
        blocks = re.split(r"\n *rule (?=\w+:)", text)[1:]
        assert len(blocks) == text.count("script:")
        for block in blocks:
            assert re.search(r"^ +threads: 1$", block, re.MULTILINE)
            assert re.search(r'^ +\*\*asked_by\("', block, re.MULTILINE)
            assert re.search(r"^ +\*\*GPU,$", block, re.MULTILINE)


# Prints the rules whose jobs a cluster gets.
LIST = """
print("on nodes:", sorted({r.name for r in workflow.rules} - workflow._localrules))
"""


def test_tables_and_charts_run_where_snakemake_runs(study, config):
    """Jobs of all other rules go to a cluster's nodes."""
    config = with_experiments(config)
    config["matched"] = MATCHED
    config["sharpness"]["reference"]["corners"] = 1
    config["sharpness"]["curve"]["epsilons"] = [1e-3, 1e-4]
    snakefile = study.directory / "Snakefile"
    snakefile.write_text((ROOT / "Snakefile").read_text() + LIST)
    (study.directory / "workflow").symlink_to(ROOT / "workflow")
    overlay = ("--configfile", str(study.write(config)))
    done = study.snakemake("--list-rules", *overlay, snakefile=snakefile)
    assert done.returncode == 0, done.stdout + done.stderr
    (names,) = re.findall(r"^on nodes: (.*)$", done.stdout, re.MULTILINE)
    names = set(ast.literal_eval(names)) - {"all", "tables", "charts"}
    assert {"prepare_dataset", "train", "measure_curve", "measure_matched"} <= names
    tabulating = RULES["tabulate_*"].stage
    assert {name for name in names if rule(name).stage >= tabulating} == set()
    made_here = set(re.findall(r"^(?:tabulate|chart)_\w+$", done.stdout, re.MULTILINE))
    assert {"tabulate_runs", "tabulate_curve", "chart_curve"} <= made_here


def resources_of(text):
    """Return the resources that a dry run declares, by rule and wildcards."""
    line = r"(?:    .*\n)*?    "
    job = rf"rule (\w+):\n{line}wildcards: (.*)\n{line}resources: (.*)"
    return {
        (rule, wildcards): dict(re.findall(r"(\w+)=([^,]+)", resources))
        for rule, wildcards, resources in re.findall(job, text)
    }


def test_memory_follows_network_and_batch(study, config):
    config["networks"]["N1"]["memory"] = MEMORY
    declared = resources_of(study.run(config, "--dry-run").stdout)
    batch = 40  # the largest that is evaluated at a time
    assert declared["train", RUN]["mem_mb"] == str(1505 + 10 * batch)
    measure = declared["measure_sharpness", RUN]
    assert measure["mem_mb"] == str(1505 + 10 * batch + 700)


def test_memory_and_time_grow_with_each_attempt(study, config):
    """But for memory: no job asks for more than all jobs have."""
    config["networks"]["N1"]["memory"] = MEMORY
    limit = ("--resources", "mem_mb=4000")
    second = study.run(config, "--dry-run", "--attempt", "2", *limit).stdout
    declared = resources_of(second)
    assert declared["train", RUN]["mem_mb"] == str(2 * 1905)
    assert declared["measure_sharpness", RUN]["mem_mb"] == "4000"
    assert declared["prepare_dataset", "dataset=tiny"]["mem_mb"] == "4000"
    assert declared["train", RUN]["runtime"] == str(2 * UNKNOWN)
    assert declared["choose_compilation", "network=N1"]["runtime"] == str(2 * STEP)


def test_time_follows_the_size_that_the_trial_wrote(study, config):
    trial = study.directory / "results/cost/choose_compilation/N1/trial.csv"
    trial.parent.mkdir(parents=True)
    size = {"parameters": 9, "flops_per_example": 9, "kind": "dense"}
    rows.write(trial, [{"rule": "choose_compilation", **size}])
    declared = resources_of(study.run(config, "--dry-run").stdout)
    assert declared["train", RUN]["runtime"] == str(STEP)
    of_other_network = RUN.replace("N1", "N2")
    assert declared["train", of_other_network]["runtime"] == str(UNKNOWN)


def test_jobs_that_no_memory_would_do_for_are_refused_before_any_runs(study, config):
    config["networks"]["N1"]["memory"] = MEMORY
    done = study.run(config, "--dry-run", "--resources", "mem_mb=2600")
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert "networks.N1: measure_sharpness would take 2605 MB, and there are" in text
    assert "networks.N2" not in text


def test_a_job_is_not_asked_whether_all_jobs_fit(study, config):
    """It reads the Snakefile again, and its limit is the memory of its own."""
    config["networks"]["N1"]["memory"] = MEMORY
    job = ("--mode", "remote", "--resources", "mem_mb=2600")
    done = study.run(config, "--dry-run", *job)
    assert done.returncode == 0, done.stdout + done.stderr


def test_memory_is_capped_at_the_machines():
    """The profile reads the machine's memory: without it, jobs would not queue."""
    profile = yte.process_yaml((ROOT / "profiles/default/config.yaml").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    assert profile["resources"] == [f"mem_mb={memory}"]


PROFILES = {
    "none": ["--workflow-profile", "none"],
    "none, with a GPU": ["--workflow-profile", "none", "--resources", "gpu=1"],
    "default": [],
    "default, with a GPU on the command line": ["--resources", "gpu=1"],
    "default, with memory on the command line": ["--resources", "mem_mb=9000"],
    "gpu": ["--workflow-profile", str(ROOT / "profiles/gpu")],
    "gpu, with memory alone": [
        *("--workflow-profile", str(ROOT / "profiles/gpu")),
        *("--resources", "mem_mb=9000"),
    ],
    "slurm": ["--workflow-profile", str(ROOT / "profiles/slurm")],
    "slurm, with a GPU": [
        *("--workflow-profile", str(ROOT / "profiles/slurm")),
        *("--resources", "gpu=4"),
    ],
}
# The command line replaces the resources of a profile.
WITH_GPU = {name for name in PROFILES if name == "gpu" or "a GPU" in name}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_plans_and_asks_for_a_gpu_where_one_is_offered(
    study, config, profile
):
    if "slurm" in profile:
        require_slurm()
    done = study.run(config, "--dry-run", *PROFILES[profile])
    assert done.returncode == 0, done.stdout + done.stderr
    declared = resources_of(done.stdout)
    asking = {name for (name, _), its in declared.items() if its.get("gpu") == "1"}
    computing = {
        *("choose_compilation", "train"),
        *("measure_sharpness", "measure_interpolation"),
    }
    assert asking == (computing if profile in WITH_GPU else set())
