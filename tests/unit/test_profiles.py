"""Profiles: what they share, and what the docs promise of each."""

import re

import yte

from project import ROOT

DOCS = (ROOT / "workflow/docs/profiles.md").read_text()
PROMISES = DOCS.split("## What each profile promises")[1]
PROFILES = sorted(path.parent.name for path in ROOT.glob("profiles/*/config.yaml"))
TESTS = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))


def options(name):
    """Return the options that a profile sets."""
    return yte.process_yaml((ROOT / f"profiles/{name}/config.yaml").read_text())


def test_each_profile_has_a_promise():
    rows = re.findall(r"^\| `(\w+)`", PROMISES, re.MULTILINE)
    assert sorted(set(rows) - {"none"}) == PROFILES


def test_each_promise_names_tests_that_exist():
    rows = [line for line in PROMISES.splitlines() if line.startswith("| ")][1:]
    assert all("`test_" in row for row in rows if not row.startswith("| ---"))
    for name in set(re.findall(r"`(test_\w+)`", PROMISES)):
        assert f"def {name}(" in TESTS, name


def test_a_profile_says_again_what_the_default_one_says():
    """It replaces the default one: what decides about reruns would be lost."""
    default = options("default")
    same = default.keys() - {"resources"}
    assert len(same) == 5
    for name in PROFILES:
        assert {key: options(name).get(key) for key in same} == {
            key: default[key] for key in same
        }, name


def test_failed_jobs_run_again_on_a_cluster_alone():
    assert {name: options(name).get("retries", 0) for name in PROFILES} == {
        "default": 0,
        "gpu": 0,
        "slurm": 2,
    }


def test_options_that_the_docs_name_are_in_the_profile():
    """Also those that are commented out, for a user to uncomment."""
    text = (ROOT / "profiles/slurm/config.yaml").read_text()
    table = DOCS.split("| your site |")[1].split("\n\n")[0]
    for name in ("slurm_partition", "slurm_account", "slurm-status-command", "groups"):
        assert name in table
        assert re.search(rf"^ *(# )?{name}:", text, re.MULTILINE), name
