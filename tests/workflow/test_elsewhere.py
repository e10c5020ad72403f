"""The workflow used from elsewhere: as a module, from another folder."""

import copy
import json
import zipfile

import pytest
import yaml

from project import ROOT, default_config
from studies import Study, counts_of_preview, jobs_of

HOST = """
configfile: "host.yaml"

module sharpminima:
    snakefile: "{root}/Snakefile"
    config: {config}
{prefix}

use rule * from sharpminima{name}
{rest}
"""
ALL = """
rule all:
    default_target: True
    input:
        rules.minima_all.input,
"""


def write_host(folder, config, prefix="", name="", rest=""):
    """Write a workflow that uses this one as a module; return its Snakefile."""
    prefix = f'    prefix: "{prefix}"' if prefix else ""
    text = HOST.format(root=ROOT, config=config, prefix=prefix, name=name, rest=rest)
    (folder / "host.yaml").write_text("study: a host's own\nsamples: [1, 2]\n")
    snakefile = folder / "host.smk"
    snakefile.write_text(text)
    return snakefile


def planned(study, *flags, **options):
    """Return the jobs of a dry run, as (rule, wildcards)."""
    done = study.snakemake("--dry-run", *flags, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return jobs_of(done.stdout + done.stderr)


def differing(config):
    """Return what a tiny config says, but for what config.yaml says as well."""
    return {k: v for k, v in config.items() if v != default_config().get(k)}


def outputs_of(study, *flags, **options):
    """Return the paths of all files that a study makes."""
    done = study.snakemake("--summary", *flags, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return {line.split("\t")[0] for line in done.stdout.splitlines()[1:]}


def test_a_module_needs_only_the_config_that_differs(study):
    host = write_host(study.directory, {"study": {"seeds": [3]}})
    trained = {job for job in planned(study, snakefile=host) if job[0] == "train"}
    runs = {f"network=F1, regime={regime}, seed=3" for regime in ("SB", "LB")}
    assert trained == {("train", run) for run in runs}


def test_null_removes_what_the_projects_config_says_from_a_module_too(study):
    config = {"performance_model": None, "study": {"pairs": [], "seeds": [0]}}
    jobs = {name for name, _ in planned(study, snakefile=write_host(study.directory, config))}
    assert "tabulate_cost" in jobs
    assert not {"tabulate_performance_model", "measure_interpolation"} & jobs


def test_a_module_keeps_its_files_under_its_prefix(study):
    renamed = {"name": " as minima_*", "rest": ALL}
    host = write_host(study.directory, {"study": {"seeds": [0]}}, "minima", **renamed)
    outputs = outputs_of(study, snakefile=host)
    assert "minima/results/tables/sharpness.csv" in outputs
    assert {path.split("/")[:2] == ["minima", "results"] for path in outputs} == {True}
    # The one job that a module's own choice of compiling answers is found there, too.
