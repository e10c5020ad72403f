"""The workflow used from elsewhere: as a module, from another folder, as a package."""

import ast
import json
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
import yaml

from project import ROOT
from studies import counts_of_preview, jobs_of, with_experiments

HOST = """
configfile: "host.yaml"

module sharpminima:
    snakefile: "{root}/Snakefile"
    config: {config}
    {prefix}

use rule * from sharpminima {name}
{rest}
"""
RENAMED = {"prefix": 'prefix: "minima"', "name": "as minima_*"}
ONE_TABLE = """
rule all:
    default_target: True
    input:
        "minima/results/tables/accuracy.md",
"""
CHARTS_OF_N1 = ("trajectory", "warm_start")
ONE_SEED = {"study": {"seeds": [3]}}
OF_ONE_SEED = {f"network=F1, regime={regime}, seed=3" for regime in ("SB", "LB")}


def host_of(study, config, prefix="", name="", rest=""):
    """Write a workflow that uses this one as a module; return its Snakefile."""
    text = HOST.format(root=ROOT, config=config, prefix=prefix, name=name, rest=rest)
    (study.directory / "host.yaml").write_text("{study: of a host, samples: [1, 2]}")
    (study.directory / "host.smk").write_text(text)
    return study.directory / "host.smk"


def said(study, *flags, **options):
    """Return what Snakemake prints, and that it succeeds."""
    done = study.snakemake(*flags, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def refused(study, *flags, **options):
    """Return what Snakemake prints, and that it fails."""
    done = study.snakemake("--dry-run", *flags, **options)
    assert done.returncode != 0
    return done.stdout + done.stderr


def planned(study, *flags, **options):
    """Return the jobs of a dry run, as (rule, wildcards)."""
    return jobs_of(said(study, "--dry-run", *flags, **options))


def trained(jobs):
    """Return the runs that are trained among `jobs`."""
    return {wildcards for rule, wildcards in jobs if rule == "train"}


def outputs_of(study, *flags, **options):
    """Return the files that a study makes."""
    done = study.snakemake("--summary", *flags, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return {line.split("\t")[0] for line in done.stdout.splitlines()[1:]}


def test_a_module_needs_only_the_config_that_differs(study):
    host = host_of(study, ONE_SEED)
    jobs = planned(study, snakefile=host)
    assert trained(jobs) == OF_ONE_SEED
    assert ("tabulate_claims", "") in jobs


def test_null_removes_what_the_projects_config_says_from_a_module_too(study):
    host = host_of(study, {"performance_model": None, "study": {"pairs": []}})
    rules = {rule for rule, _ in planned(study, snakefile=host)}
    assert "tabulate_cost" in rules
    assert not {"tabulate_performance_model", "measure_interpolation"} & rules


def test_a_module_keeps_its_files_under_its_prefix(study):
    host = host_of(study, ONE_SEED, RENAMED["prefix"])
    outputs = outputs_of(study, snakefile=host)
    assert "minima/results/train/F1/LB/seed3/final.weights.h5" in outputs
    assert [path for path in outputs if not path.startswith("minima/results/")] == []


def test_mistakes_in_the_config_of_a_module_are_said_in_a_line(study):
    host = host_of(study, {"study": {"networks": ["F7"]}})
    text = refused(study, snakefile=host)
    assert "study.networks[0]: unknown name. Allowed: C1, C2," in text
    assert "Traceback" not in text


@pytest.mark.slow
def test_a_module_runs_and_its_hosts_report_works(study, config):
    config["study"] |= {"networks": ["N1"], "seeds": [0]}
    host = host_of(study, config, **RENAMED, rest=ONE_TABLE)
    assert "100%" in said(study, snakefile=host)
    assert planned(study, snakefile=host) == set()
    # It finds its choices of compiling where the prefix puts them.
    cost = "minima/results/cost/choose_compilation/N1/trial.csv"
    assert planned(study, cost, "--forcerun", cost, snakefile=host) == {
        ("minima_choose_compilation_again", "network=N1")
    }
    said(study, "--report", "report.zip", snakefile=host)
    with zipfile.ZipFile(study.directory / "report.zip") as archive:
        page = archive.read(next(n for n in archive.namelist() if "report.html" in n))
        assert any("accuracy" in name for name in archive.namelist())
    assert b"What batch size does to a network" in page


def test_a_hosted_snakefile_alone_is_refused(study, tmp_path):
    repository = tmp_path / "repository"
    shutil.copytree(ROOT / "workflow/rules", repository / "workflow/rules")
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-mx"]):
        subprocess.run([*git, *command], check=True)
    host = host_of(study, {})
    # What Snakemake fetches from a Snakefile that is not here, it fetches like this.
    fetched = "workflow/rules/common.smk"
    of_git = f'gitfile("{repository}", path="{fetched}", ref="HEAD")'
    host.write_text(host.read_text().replace(f'"{ROOT}/Snakefile"', of_git))
    text = refused(study, snakefile=host)
    assert "needs its whole folder, not its Snakefile alone" in text


def test_two_copies_in_one_run_are_refused(study, tmp_path):
    copied = tmp_path / "copied"
    shutil.copytree(ROOT / "workflow", copied / "workflow")
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, copied)
    host = host_of(study, {}, name="as first_*")
    other = HOST.format(root=copied, config={}, prefix="", name="as second_*", rest="")
    text = other.replace("sharpminima", "again").replace('configfile: "host.yaml"', "")
    host.write_text(host.read_text() + text)
    text = refused(study, snakefile=host)
    assert f"can use one copy of sharpminima. Received: {copied}" in text


def test_the_readmes_workflow_plans_as_it_says(study):
    section = (ROOT / "README.md").read_text().split("## Use it from your own workflow")
    snippet = re.search(r"(?:^    .*\n\n?)+", section[1], re.MULTILINE)[0]
    mine = study.directory / "mine"
    mine.mkdir()
    (mine / "Snakefile").write_text(re.sub("^    ", "", snippet, flags=re.MULTILINE))
    (study.directory / "sharpminima").symlink_to(ROOT)
    jobs = planned(study, snakefile=mine / "Snakefile")
    assert ("minima_train", "network=F1, regime=LB, seed=1") in jobs
    assert len(trained({(rule.removeprefix("minima_"), of) for rule, of in jobs})) == 4


def test_another_folder_needs_no_config(study):
    assert len(trained(planned(study))) == 2 * 6
    assert {path.split("/")[0] for path in outputs_of(study)} == {"results"}


def test_a_config_there_says_what_differs_and_overlays_come_after_it(study):
    config, overlay = study.directory / "config.yaml", study.directory / "overlay.yaml"
    config.write_text("{study: {seeds: [3, 4]}, performance_model: null}")
    overlay.write_text("{study: {seeds: [3]}}")
    jobs = planned(study, "--configfile", str(overlay))
    assert trained(jobs) == OF_ONE_SEED
    assert ("tabulate_performance_model", "") not in jobs
    jobs = planned(
        study, "--configfile", str(overlay), "--config", "performance_model={}"
    )
    assert trained(jobs) == OF_ONE_SEED


def test_a_preview_agrees_with_the_configs_of_another_folder(study):
    (study.directory / "config.yaml").write_text("{study: {seeds: [3, 4]}}")
    overlay = {"regimes": {"LB": {"batch_fraction": 0.2}}, "performance_model": None}
    text = study.preview(overlay)
    assert counts_of_preview(text) == study.counts(overlay)
    assert counts_of_preview(text)["train"] == 2 * 2


def test_jobs_run_this_package_and_no_installed_one(study, config):
    installed = study.directory / "installed/sharpminima"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("raise ImportError('the installed one')")
    (study.directory / "test.yaml").write_text(yaml.safe_dump(config))
    overlay = ("--configfile", str(study.directory / "test.yaml"))
    said(study, "results/data/tiny.h5", *overlay, PYTHONPATH=str(installed.parent))
    assert (study.directory / "results/data/tiny.h5").exists()


def test_the_catalogues_snakefile_plans_the_same_jobs(study):
    there = planned(study, snakefile=ROOT / "workflow/Snakefile")
    assert {job for job in there if job[0] != "study"} == planned(study)


@pytest.mark.parametrize("studied", ["little", "much"])
def test_only_tables_of_the_study_are_targets_and_each_has_inputs(
    study, config, studied
):
    if studied == "little":
        config["study"] |= {"regimes": ["SB"], "pairs": []}
        config["performance_model"] = None
    else:
        config = with_experiments(config)
    listed = study.run(config, "--list-target-rules").stdout
    graph = json.loads(study.run(config, "--d3dag").stdout)
    rules = {node["id"]: node["value"]["rule"] for node in graph["nodes"]}
    tables = {rule for rule in rules.values() if rule.startswith("tabulate_")}
    assert set(listed.split()) == {"all", "tables", "charts"} | tables
    assert ("tabulate_sweep" in tables) is (studied == "much")
    fed = {edge["v"] for edge in graph["edges"]}
    assert {rules[node] for node in rules.keys() - fed} == {"prepare_dataset"}


@pytest.mark.parametrize(
    "absent", ["tables/curve.csv", *(f"charts/{c}_N2.svg" for c in CHARTS_OF_N1)]
)
def test_what_the_study_lacks_is_not_planned(study, config, absent):
    done = study.run(with_experiments(config), f"results/{absent}", "--dry-run")
    assert done.returncode != 0
    assert f"No rule to produce results/{absent}" in done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of the package, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "workflow", folder / "workflow")
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([*command, "--wheel-dir", "made", "."], cwd=folder, check=True)
    (made,) = (folder / "made").glob("sharpminima-*.whl")
    return made


ALL_MODULES = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import sharpminima
names = [m.name for m in pkgutil.walk_packages(sharpminima.__path__, "sharpminima.")]
names = [name for name in names if name != "sharpminima.backends.jax"]
for name in names:
    assert sys.argv[1] in importlib.import_module(name).__file__
print(*names)
"""


def test_a_wheel_holds_the_package_and_imports(wheel):
    command = [sys.executable, "-I", "-c", ALL_MODULES, str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = set(done.stdout.split())
    assert {"sharpminima.measures.sharpness", "sharpminima.loss.measured"} <= found
    rooms = {name.split(".")[1] for name in found}
    assert {"config", "planning"} & rooms == set()


def test_the_package_asks_for_what_its_modules_import(wheel):
    with zipfile.ZipFile(wheel) as archive:
        code = [archive.read(n) for n in archive.namelist() if n.endswith(".py")]
        metadata = next(n for n in archive.namelist() if n.endswith("METADATA"))
        asked = archive.read(metadata).decode()
    nodes = [node for text in code for node in ast.walk(ast.parse(text))]
    imported = {n.module for n in nodes if isinstance(n, ast.ImportFrom)}
    imported |= {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    imported = {name.split(".")[0] for name in imported}
    imported -= sys.stdlib_module_names | {"sharpminima"}
    names = {"debian": "python-debian", "kaldi_native_fbank": "kaldi-native-fbank"}
    missing = {
        module
        for module in imported
        if f"Requires-Dist: {names.get(module, module)}" not in asked
    }
    assert missing == set()
    version = yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"]
    assert f"\nVersion: {version}\n" in asked
