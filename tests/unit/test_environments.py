"""Pins agree: what is wanted, what is locked, what each rule's environment holds."""

import ast
import re
import runpy
import subprocess
import sys
from functools import cache

import pytest
import yaml

from project import ROOT
from sharpminima import provenance

ENVS = ROOT / "envs"
RULES = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
# Import name -> distributions, where the two differ. Some are needed by others only:
# pandas renders Markdown with tabulate, Altair saves with vl-convert, Pooch shows its
# progress with tqdm.
DISTRIBUTIONS = {
    "altair": ("altair", "vl-convert-python"),
    "debian": ("python-debian",),
    "kaldi_native_fbank": ("kaldi-native-fbank",),
    "pandas": ("pandas",),
    "pooch": ("pooch", "tqdm"),
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
}
COMPANIONS = {"readable": ("tabulate",)}
# Which backend's module an environment does without, where it matters.
WITHOUT = {
    "tensorflow": ["sharpminima.backends.jax"],
    "jax": ["sharpminima.backends.tensorflow"],
}
NOT_IN_RULES = {
    *("snakemake", "jsonschema", "pyyaml", "yte"),
    *("pytest", "pytest-xdist", "hypothesis", "ruff", "snakefmt"),
    "snakemake-executor-plugin-slurm",
}


WANTED = [f"requirements{of}" for of in ("", "-jax", "-speech", "-slurm")]


def pins(lines):
    """Return name -> (version, marker) of lines like `name ==1.0 ; marker`."""
    pattern = re.compile(r"^([\w-]+) ?== ?([\w.]+)(?: ?; ?(.*?))?[ \\]*$")
    found = (pattern.match(line.strip()) for line in lines)
    return {m[1]: (m[2], m[3] or "") for m in found if m}


@cache
def wanted(names=WANTED):
    lines = [(ENVS / f"{name}.in").read_text().splitlines() for name in names]
    return pins(line for part in lines for line in part)


@cache
def environment(name):
    content = yaml.safe_load((ENVS / f"{name}.yaml").read_text())
    (listed,) = (d["pip"] for d in content["dependencies"] if isinstance(d, dict))
    return pins(listed)


ENVIRONMENTS = ("data", "jax", "present", "speech", "tensorflow")
JAX, SPEECH = {"jax"}, {"kaldi-native-fbank", "python-debian"}
SLURM = {"snakemake-executor-plugin-slurm"}
BASE = set(wanted(("requirements",)))
# What each lock leaves out of all that is wanted somewhere.
LOCKED = {
    "requirements": JAX | SPEECH | SLURM,
    "requirements-gpu": JAX | SPEECH | SLURM | {"tensorflow-cpu"},
    "requirements-jax": SPEECH | SLURM,
    "requirements-speech": BASE | JAX | SLURM,
    "requirements-slurm": BASE | JAX | SPEECH,
}


@cache
def locked_in(name):
    return pins((ENVS / f"{name}.txt").read_text().splitlines())


@pytest.mark.parametrize("name", LOCKED)
def test_what_is_wanted_is_locked_with_hashes(name):
    text, locked = (ENVS / f"{name}.txt").read_text(), locked_in(name)
    assert wanted().keys() - locked.keys() == LOCKED[name] - locked.keys()
    for package in wanted().keys() & locked.keys():
        assert locked[package][0] == wanted()[package][0], package
    entries = re.split(r"\n(?=[a-z0-9])", text)
    assert [e for e in entries if "==" in e and "--hash=sha256:" not in e] == []


@pytest.mark.parametrize("name", ["requirements", "requirements-gpu"])
def test_speech_changes_nothing_that_the_others_lock(name):
    assert set(locked_in("requirements-speech")).isdisjoint(locked_in(name))


@pytest.mark.parametrize("name", ["requirements", "requirements-jax"])
def test_slurm_changes_no_version_that_the_others_lock(name):
    slurm, others = locked_in("requirements-slurm"), locked_in(name)
    shared = slurm.keys() & others.keys()
    assert {n: slurm[n][0] for n in shared} == {n: others[n][0] for n in shared}


def test_the_oldest_snakemake_is_the_one_that_the_snakefile_admits():
    (admitted,) = re.findall(
        r'^min_version\("(.*)"\)$', (ROOT / "Snakefile").read_text(), re.MULTILINE
    )
    wanted_oldest = pins((ENVS / "requirements-oldest.in").read_text().splitlines())
    assert wanted_oldest["snakemake"] == (admitted, "")
    assert locked_in("requirements-oldest") == wanted_oldest


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_has_the_pins_that_are_wanted(name):
    for package, pin in environment(name).items():
        assert wanted()[package] == pin, package


def test_what_is_wanted_is_in_an_environment_unless_no_rule_needs_it():
    somewhere = set().union(*(environment(name) for name in ENVIRONMENTS))
    assert set(wanted()) - somewhere == NOT_IN_RULES


def imported_by(script, without):
    """Return the third-party distributions that a script's code can reach."""
    own = {provenance.PACKAGE, "snakemake"} | sys.stdlib_module_names
    found = set()
    for path in provenance._reachable(ROOT / f"workflow/scripts/{script}.py", without):
        found |= set(COMPANIONS.get(path.stem, ()))
        for node in ast.walk(ast.parse(path.read_text())):
            names = [getattr(node, "module", None)] if node_is_from(node) else []
            names += (
                [a.name for a in node.names] if isinstance(node, ast.Import) else []
            )
            roots = {name.split(".")[0] for name in names if name} - own
            found |= {d for root in roots for d in DISTRIBUTIONS.get(root, (root,))}
    return found


def node_is_from(node):
    return isinstance(node, ast.ImportFrom)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_holds_what_its_scripts_import_and_no_more(name):
    blocks = re.split(r"\n *rule ", RULES)
    called = r"\{BACKEND\}" if name in WITHOUT else name
    pattern = re.compile(rf'envs/{called}\.yaml".*?scripts/(\w+)\.py"', re.DOTALL)
    scripts = [m[1] for block in blocks if (m := pattern.search(block))]
    assert scripts
    needed = set().union(*(imported_by(s, WITHOUT.get(name, ())) for s in scripts))
    assert needed == set(environment(name))


def test_no_file_names_a_registry():
    for path in ENVS.iterdir():
        assert not re.search(r"https?://|--(extra-)?index", path.read_text()), path


complaint = runpy.run_path(str(ENVS / "check_python.py"))["complaint"]


@pytest.mark.parametrize(
    ("machine", "part"),
    [
        (((3, 10), "Linux", "x86_64", "glibc"), "Received: 3.10"),
        (((3, 14), "Linux", "x86_64", "glibc"), "Received: 3.14"),
        (((3, 12), "Darwin", "x86_64", ""), "no wheel for Darwin on x86_64"),
        (((3, 12), "Linux", "x86_64", ""), "needs glibc"),
    ],
)
def test_a_platform_that_will_not_do_is_told_why(machine, part):
    assert part in complaint(*machine)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_a_platform_with_a_wheel_is_welcome(version):
    assert complaint(version, "Linux", "x86_64", "glibc") is None
    assert complaint(version, "Darwin", "arm64", "") is None


def test_cleaning_keeps_data_and_checkpoints_whatever_they_are_called(tmp_path):
    kept = [
        "results/data/mnist.h5",
        "results/train/logs/SB/seed0/final.weights.h5",
        "results/train/F1/SB/seed0/history.csv",
        "results/tables/train/F1/SB/seed0/final.weights.h5",
    ]
    gone = [
        "results/tables/accuracy.csv",
        "results/charts/training_F1.html",
        "results/logs/train/F1_SB_seed0.log",
        "results/benchmarks/train/F1_SB_seed0.tsv",
    ]
    for name in kept + gone:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    command = ["make", "--file", str(ROOT / "Makefile"), "clean"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert [name for name in kept + gone if (tmp_path / name).exists()] == kept


def test_make_alone_prints_what_there_is():
    done = subprocess.run(
        ["make", "--no-print-directory"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for target in ("study", "speech", "slurm", "oldest", "report", "test", "clean"):
        assert f"make {target}" in done.stdout
