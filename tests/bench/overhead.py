"""The study around its computing: imports, planning, memory, shares of its parts."""

import functools
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import timing

from project import ROOT
from studies import Study, tiny_config

SCRIPTS = sorted((ROOT / "workflow/scripts").glob("*.py"))
# Seeds of the tiny study that make about 100, 1,000 and 10,000 jobs.
SEEDS, FEW = (9, 98, 998), 2000
# To record 10,000 jobs as finished takes five minutes or more.
TIMEOUT_S = 3600


def import_rows(cores: int) -> Iterator[dict]:
    """Yield the time that a process takes to start Python and import each script.

    Left out are scripts whose packages are not installed: those of `make speech`.
    """
    runs = {script.stem: functools.partial(_import, script) for script in SCRIPTS}
    runs = {name: run for name, run in runs.items() if run().returncode == 0}
    for row in timing.alternate(runs):
        yield {"benchmark": "start-up", "case": "start Python, import", **row}


def planning_rows(cores: int) -> Iterator[dict]:
    """Yield the time of a dry run of large studies, and of one with nothing to do."""
    for seeds in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            yield from _planning(Study(Path(folder), TIMEOUT_S), seeds)


def _planning(study, seeds):
    config = tiny_config()
    config["study"]["seeds"] = list(range(seeds))
    jobs = len(study.planned(config))
    runs = {"dry run": functools.partial(study.planned, config)}
    rounds = timing.ROUNDS if jobs < FEW else 1
    yield from _planned(runs, jobs, rounds)
    study.record_as_finished(config, size=0)
    runs = {"nothing to do": functools.partial(study.run, config)}
    yield from _planned(runs, jobs, rounds)


def _planned(runs, jobs, rounds):
    for row in timing.alternate(runs, rounds):
        yield {"benchmark": "planning", "case": f"tiny study, {jobs} jobs", **row}


def memory_rows(cores: int) -> Iterator[dict]:
    """Yield the peak memory of the jobs of the default study, if it has run here."""
    for path in sorted((ROOT / "results/benchmarks").glob("*/*.tsv")):
        peak = pd.read_csv(path, sep="\t")["max_rss"].max()
        case = f"{path.parent.name} {path.stem}"
        yield {"benchmark": "peak memory", "case": case, "megabytes": peak}


def share_rows(cores: int) -> Iterator[dict]:
    """Yield the share of each part of the default study, if it has run here."""
    table = ROOT / "results/tables/cost.csv"
    if table.exists():
        seconds = pd.read_csv(table).groupby("rule", sort=False)["seconds"].sum()
        for rule, taken in seconds.items():
            share = {"variant": rule, "seconds": taken, "share": taken / seconds.sum()}
            yield {"benchmark": "parts of the study", "case": "all jobs", **share}


def _import(script):
    command = [sys.executable, "-c", f"import {script.stem}"]
    return subprocess.run(command, cwd=script.parent, check=False, capture_output=True)
