"""Where the project is, its default config, and what a test may need."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from slurm import cluster

ROOT = Path(__file__).resolve().parents[1]
PYTHON = Path(sys.executable).resolve()  # with which environments are made
TIMEOUT_S = 120
OLDEST = ROOT / ".venv-oldest/bin/python"


def default_config() -> dict:
    """Return a fresh copy of `config.yaml`, yours to edit."""
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def printed(command, **options) -> str:
    """Run a command with the options of `subprocess.run`; return what it prints."""
    options = {"timeout": TIMEOUT_S, **options}
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def clone(folder: Path) -> Path:
    """Make a clone of the project at `folder`, with this environment in it."""
    for name in ("workflow", "profiles", "envs"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("Makefile", "Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, folder)
    environment = folder / ".venv"
    (environment / "bin").mkdir(parents=True)
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", environment)
    (environment / "lib").symlink_to(Path(sys.prefix) / "lib")
    (environment / "bin/python").symlink_to(PYTHON)
    (environment / "done").touch()
    return folder


def require_jax():
    """Skip the test that calls this where JAX is missing; in CI, let it fail."""
    _require("jax", "JAX: make test REQUIREMENTS=envs/requirements-jax.txt")


def require_slurm():
    """Skip the test that calls this without Slurm's plugin; in CI, let it fail."""
    _require("snakemake_executor_plugin_slurm", "Slurm's plugin: make slurm")


def require_cluster():
    """Skip the test that calls this where no Slurm can run; in CI, let it fail."""
    require_slurm()
    if missing := cluster.lacking():
        _do_without(missing)


def require_oldest():
    """Skip the test that calls this without the oldest Snakemake; in CI, fail."""
    if not OLDEST.exists():
        _do_without("the oldest Snakemake: make oldest")


def _require(module, what):
    if importlib.util.find_spec(module) is None:
        _do_without(what)


def _do_without(what):
    outcome = pytest.fail if os.environ.get("CI") else pytest.skip
    outcome(f"needs {what}")
