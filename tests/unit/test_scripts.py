"""Scripts are thin: each maps its job's files and params onto the package."""

import logging
import os
import re
import runpy
import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from examples import SEARCHES
from project import ROOT
from sharpminima import provenance
from sharpminima.storage.rows import write

SCRIPTS = ROOT / "workflow/scripts"
NO_RULE = ("preview", "verify", "check_config", "measure", "selftest")
KINDS = ("csv", "md", "html")


class Names(dict):
    """Stand-in for Snakemake's named lists: iterates over its values."""

    __getattr__ = dict.__getitem__

    def __iter__(self):
        return iter(self.values())

    def __getitem__(self, key):
        return list(self.values())[key] if isinstance(key, int) else self.get(key)

    def keys(self):
        return list(dict.keys(self))


@pytest.fixture
def run_script(monkeypatch, tmp_path):
    """Return a function that runs `scripts/{name}.py` as Snakemake would."""
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(logging, "raiseExceptions", True)
    stderr = os.dup(2)

    def run(name, **job):
        snakemake = SimpleNamespace(log=[tmp_path / "log"], **job)
        path = SCRIPTS / f"{name}.py"
        runpy.run_path(str(path), {"snakemake": snakemake}, run_name="__main__")

    yield run
    os.dup2(stderr, 2)
    os.close(stderr)


@pytest.fixture
def files_of_table(tmp_path):
    """Return a function that names the three files of a table."""
    return lambda name: [tmp_path / f"{name}.{kind}" for kind in KINDS]


def test_tabulate_sharpness(run_script, files_of_table, tmp_path):
    inputs = []
    for i, (_, rows) in enumerate(SEARCHES.groupby(["regime", "seed"])):
        inputs.append(tmp_path / f"{i}.in.csv")
        write(inputs[-1], rows.to_dict("records"))
    measurements = tmp_path / "measurements.csv"
    sharpness, ratios = files_of_table("sharpness"), files_of_table("ratios")
    params = Names(study={"pairs": [["SB", "LB"]]})
    run_script("tabulate_measurements", input=inputs, output=[measurements])
    run_script("tabulate_sharpness", input=inputs, output=sharpness)
    run_script("tabulate_ratios", input=inputs, output=ratios, params=params)
    rows = pd.read_csv(ratios[0])
    assert rows.loc[rows["space"] == "full", "ratio"].tolist()[0] == 50.0
    assert len(pd.read_csv(measurements)) == len(SEARCHES)
    assert "205.1" in sharpness[1].read_text()


def test_tabulate_claims_reads_what_the_study_has(run_script, files_of_table, tmp_path):
    searches = tmp_path / "measurements.in.csv"
    write(searches, SEARCHES.to_dict("records"))
    output = files_of_table("claims")
    params = Names(study={"networks": ["F1"], "pairs": [["SB", "LB"]]})
    run_script(
        "tabulate_claims",
        input=Names(measurements=[searches], trajectory=[]),
        output=output,
        params=params,
    )
    table = pd.read_csv(output[0]).set_index("claim")
    row = table.loc["lb-sharper"]
    assert (row["verdict"], row["seeds"], row["diverged"]) == ("reproduced", 1, 1)
    assert row["effect"] == pytest.approx(1.69897)
    assert set(table["verdict"].drop("lb-sharper")) == {"not studied"}
    assert "LB's minima are at least twice as sharp as SB's" in output[1].read_text()


@pytest.mark.computes
@pytest.mark.parametrize(("expected", "code", "off"), [(2.0, 0, 0), (2.1, 1, 1)])
def test_selftest_exits_with_an_error_if_a_value_is_off(
    run_script, monkeypatch, capsys, expected, code, off
):
    from sharpminima import backend
    from sharpminima.selftest import closed_forms

    entry = closed_forms.ClosedForm("sharpness", "bowl", expected, lambda: 2.0)
    monkeypatch.setattr(closed_forms, "CLOSED_FORMS", [entry])
    monkeypatch.setattr(backend, "configure", lambda threads: None)
    with pytest.raises(SystemExit) as ended:
        run_script("selftest")
    assert ended.value.code == code
    printed = capsys.readouterr().out
    assert f"1 values, {off} of them off" in printed
    assert "| sharpness | bowl" in printed


def test_speech_says_how_to_get_the_libraries_that_it_lacks(run_script, monkeypatch):
    monkeypatch.setitem(sys.modules, "kaldi_native_fbank", None)
    monkeypatch.setitem(sys.modules, "debian", None)
    with pytest.raises(ImportError, match="run `make speech`"):
        run_script("prepare_speech")


def test_every_rule_has_a_script_of_its_name():
    """But for those that run before Snakemake does, or beside it."""
    others = {SCRIPTS / f"{name}.py" for name in NO_RULE}
    text = "".join(p.read_text() for p in (ROOT / "workflow/rules").glob("*.smk"))
    for script in sorted(set(SCRIPTS.glob("*.py")) - others):
        assert f"rule {script.stem}:" in text
        assert f'"../scripts/{script.name}"' in text
        assert re.search(rf'code=fingerprint(_of_run)?\("{script.stem}"\)', text)


# The scripts that need a module of results, beside the script of its own name.
ALSO_REACHED_BY = {
    "tables/experiments/sweep_runs": {"tabulate_sweep", "tabulate_thresholds"},
    "tables/experiments/warm_start_runs": {"tabulate_warm_start"},
    "tables/performance_model": {"chart_performance_model"},
}
# The scripts that need a module which several results share, and no other.
SHARED_BY = {
    "tables/summaries/searches": {
        *("tabulate_sharpness", "tabulate_ratios", "tabulate_further_regimes"),
        *("tabulate_sweep_runs", "tabulate_sweep", "tabulate_thresholds"),
        *("tabulate_warm_start_runs", "tabulate_warm_start", "tabulate_claims"),
        *("tabulate_anatomy", "tabulate_minima", "chart_sharpness", "chart_anatomy"),
        *("tabulate_invariance", "tabulate_matched", "tabulate_curve"),
        *("tabulate_solver_gap", "chart_solver_gap"),
    },
    "tables/summaries/protocols": {"tabulate_solver_gap", "chart_solver_gap"},
    "tables/summaries/pairs": {
        *("tabulate_ratios", "tabulate_matched", "tabulate_curve", "chart_curve"),
        *("tabulate_point_and_box", "chart_point_and_box"),
    },
    "tables/summaries/point_and_box": {
        *("tabulate_point_and_box", "chart_point_and_box"),
    },
    "tables/summaries/jackknife": {"tabulate_barriers"},
    "charts/contours": {"chart_surface"},
    "tables/summaries/curves": {
        *("tabulate_curve", "chart_curve", "chart_point_and_box"),
    },
    "tables/summaries/parts": {
        *("tabulate_anatomy", "tabulate_minima", "tabulate_curve", "chart_anatomy"),
    },
    "tables/summaries/trends": {"tabulate_thresholds", "tabulate_claims"},
    "tables/paper": {"tabulate_accuracy", "tabulate_sharpness", "tabulate_anatomy"},
    "claims/effects": {"tabulate_claims"},
    "claims/verdicts": {"tabulate_claims"},
    "charts/runs_and_means": {"chart_sweep", "chart_warm_start"},
    "charts/train_and_test": {"chart_training", "chart_interpolation"},
}


def reaching(module):
    """Return the scripts whose fingerprints follow a module of the package."""
    path = SCRIPTS / f"sharpminima/{module}.py"
    return {
        script.stem
        for script in SCRIPTS.glob("*_*.py")
        if path in provenance._reachable(script, provenance.WITHOUT_NUMBERS)
    }


ROOMS = ["tables", "tables/experiments", "tables/robustness", "claims", "charts"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_result_has_its_code_alone(room):
    """An edit of a result's module reruns that result, and what is made of it."""
    verb = {"charts": "chart"}.get(room, "tabulate")
    modules = {path.stem for path in (SCRIPTS / f"sharpminima/{room}").glob("*.py")}
    of_results = {name for name in modules if (SCRIPTS / f"{verb}_{name}.py").exists()}
    assert of_results
    for name in of_results:
        others = ALSO_REACHED_BY.get(f"{room}/{name}", set())
        assert reaching(f"{room}/{name}") == {f"{verb}_{name}", *others}


@pytest.mark.parametrize("module", SHARED_BY)
def test_what_results_share_is_reached_by_those_that_need_it(module):
    assert reaching(module) == SHARED_BY[module]


@pytest.mark.parametrize("path", sorted(SCRIPTS.rglob("*.py")), ids=lambda p: p.name)
def test_no_script_reads_the_config_or_the_clock(path):
    text = path.read_text()
    assert "snakemake.config" not in text
    assert "datetime" not in text
    assert "time.time" not in text
    # A job learns from there which run it belongs to, and nothing else.
    reads = re.search(r"environ\.get|getenv|= os\.environ", text)
    assert not reads or path.name == "locks.py"


@pytest.mark.parametrize(
    "path", sorted(SCRIPTS.glob("measure_*.py")), ids=lambda p: p.stem
)
def test_a_measure_tries_the_network_wherever_it_restores_a_point(path):
    text = path.read_text()
    if path.stem == "measure_selftest":
        return  # it measures formulas
    assert "at_checkpoint(" in text or "checked" in text
    assert text.count("restore(") <= text.count("checked")
