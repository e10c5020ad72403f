"""Plan or run the real Snakefile in a directory of its own."""

import collections
import copy
import functools
import hashlib
import multiprocessing
import os
import re
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import yaml

import forked_jobs
from examples import idx_file
from project import ROOT

TIMEOUT_S = 600
LARGE = 2 << 20
# What plans and runs no job.
PLANNING = {"--dry-run", "--summary", "--d3dag", "--touch", "--list-rules"}
# Forks of a process that has Snakemake, and what jobs import, loaded.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        *("snakemake.cli", "snakemake.api", "snakemake.workflow", "snakemake.dag"),
        *("snakemake.executors.touch", "snakemake.report.html_reporter", "smart_open"),
        *("snakemake.profiles", "docutils.core", "jsonschema", "yaml", "yte", "numpy"),
        *("snakemake.common.configfile", "snakemake.script", "preloaded"),
    ]
)
TARGETS = ("all", "tables", "charts")
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "SHARPMINIMA_RAW_FOLDER"}


def raw_files() -> dict[str, bytes]:
    """Return the raw files of dataset `tiny`: four classes of noisy 6 x 6 images."""
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 200, (4, 6, 6))
    files = {}
    for stem, examples in (("train", 64), ("t10k", 32)):
        labels = (np.arange(examples) % 4).astype(np.uint8)
        noise = rng.integers(0, 56, (examples, 6, 6))
        images = (patterns[labels] + noise).astype(np.uint8)
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            files[f"{stem}-{name}-ubyte.gz"] = idx_file(array)
    return files


class Study:
    """Snakemake bound to one working directory with the raw files of `tiny`.

    The directory holds no `config.yaml`: the test's lies over the project's own.
    With `forked` its jobs are forks of a process that has Keras loaded.
    """

    def __init__(self, directory: Path, timeout_s=TIMEOUT_S, *, forked=True):
        self.directory, self._forked = directory, forked
        self._timeout_s = timeout_s
        raw = directory / "raw/tiny"
        raw.mkdir(parents=True)
        for name, content in raw_files().items():
            (raw / name).write_bytes(content)

    def run(self, config, *flags, **options):
        """Run `snakemake *flags` on `config`; return the completed process."""
        overlay = ("--configfile", str(self.write(config)))
        options.setdefault("KERAS_BACKEND", config.get("backend", "tensorflow"))
        return self.snakemake(*flags, *overlay, **options)

    def write(self, config):
        """Write `config` to the directory; return its file."""
        path = self.directory / "test.yaml"
        path.write_text(yaml.safe_dump(config))
        return path

    def snakemake(self, *flags, snakefile=ROOT / "Snakefile", **environment):
        """Run `snakemake *flags`; return the completed process."""
        flags = ["--cores", "2", *flags, "--snakefile", str(snakefile)]
        flags += ["--directory", str(self.directory)]
        environment = ENVIRONMENT | environment
        forked = self._forked and "PYTHONPATH" not in environment
        if PLANNING & set(flags) and "PYTHONPATH" not in environment:
            return self._fork(_plan, flags, environment)
        if forked and environment.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
            return self._fork(forked_jobs.main, flags, environment)
        program = (
            [str(ROOT / "tests/forked_jobs.py")] if forked else ["-m", "snakemake"]
        )
        return subprocess.run(
            [sys.executable, *program, *flags],
            capture_output=True,
            text=True,
            check=False,
            timeout=self._timeout_s,
            env=environment,
        )

    def _fork(self, function, flags, environment):
        """Call `function` with `flags` in a fork; return what it printed."""
        with tempfile.TemporaryDirectory() as folder:
            outputs = [Path(folder) / name for name in ("stdout", "stderr")]
            given = function, flags, environment, outputs
            process = FORKS.Process(target=_call, args=given)
            process.start()
            process.join(self._timeout_s)
            if process.is_alive():
                process.kill()
                raise TimeoutError(f"snakemake {flags} took over {self._timeout_s} s")
            texts = [path.read_text() for path in outputs]
        return subprocess.CompletedProcess(flags, process.exitcode, *texts)

    def planned(self, config, *flags, **options) -> set[tuple[str, str]]:
        """Return the jobs that a dry run would execute, as (rule, wildcards)."""
        done = self.run(config, "--dry-run", *flags, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return jobs_of(done.stdout + done.stderr)

    def counts(self, config) -> dict[str, int]:
        """Return how many jobs of each rule a dry run sums up, without target rules."""
        text = self.run(config, "--dry-run").stdout
        stats = text.split("Job stats:")[-1].split("total")[0]
        counts = re.findall(r"^(\w+) +(\d+)$", stats, re.MULTILINE)
        return {rule: int(jobs) for rule, jobs in counts if rule not in TARGETS}

    def preview(self, config, *settings) -> str:
        """Return what `make preview` prints of `config` with further `settings`."""
        done = self.script("preview", config, "--cores", "2", *settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def script(self, name, config, *flags):
        """Run a script that has no rule; return the completed process."""
        (self.directory / "test.yaml").write_text(yaml.safe_dump(config))
        flags = [name, self.directory, *flags, "--configfile", "test.yaml"]
        return self._fork(_script, flags, ENVIRONMENT)

    def copied(self, directory):
        """Return the same study in another folder, to which its files were copied."""
        study = copy.copy(self)
        study.directory = directory
        return study

    def record_as_finished(self, config, size=LARGE):
        """Make every output a blank file and store its metadata, as if all had run.

        HDF5 files have `size` bytes. The networks' choices of compiling are those that
        hold for the config.
        """
        run = functools.partial(self.run, config)
        self._record(run, size)
        self.write_choices(config)
        self._touch(run)

    def write_choices(self, config, way="graph"):
        """Choose a way of compiling for each network, by default TensorFlow's first."""
        # Not above: a fork that plans imports this module, and its own package.
        from sharpminima.config import layers, study
        from sharpminima.regimes import derived
        from sharpminima.storage import rows

        read = [(self.directory, config)]
        complete = derived.with_derived(layers.complete(config, read))
        planned = study.Study(complete)
        results = config.get("pathvars", {}).get("results", "results")
        for network in planned.networks:
            choice = self.directory / results / f"compilation/{network}.csv"
            made_for = planned.compiled_for(network)
            row = {"device": "CPU", "way": way, "compiled_for": made_for}
            rows.write(choice, [row])

    def record_overlay_as_finished(self, *overlay):
        """Do the same for the config in the directory with `--configfile overlay`."""
        self._record(functools.partial(self.snakemake, *overlay), LARGE)

    def _record(self, run, size):
        for line in run("--summary").stdout.splitlines()[1:]:
            output = self.directory / line.split("\t")[0]
            output.parent.mkdir(parents=True, exist_ok=True)
            # Over a megabyte, Snakemake goes by times unless told otherwise.
            output.write_bytes(bytes(size if output.suffix == ".h5" else 0))
        self._touch(run)

    def _touch(self, run):
        done = run("--touch", "--forceall")
        assert done.returncode == 0, done.stdout + done.stderr


def _call(function, flags, environment, outputs):
    """Call `function` in this process, a fork that ends with it."""
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    function(flags)


def _plan(flags):
    from snakemake import cli
    from snakemake.executors.touch import Executor

    Executor.SLEEPING_TIME = 0.0  # seconds before each job, which no test needs
    sys.argv = ["snakemake", *flags]
    cli.main()


def _script(arguments):
    name, folder, *flags = arguments
    os.chdir(folder)
    script = str(ROOT / f"workflow/scripts/{name}.py")
    sys.argv = [script, *flags]
    runpy.run_path(script, run_name="__main__")


def jobs_of(text: str) -> set[tuple[str, str]]:
    """Return the jobs announced in Snakemake's output, without the target rules."""
    blocks = re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", text, re.MULTILINE)
    jobs = set()
    for rule, body in blocks:
        wildcards = re.search(r"^    wildcards: (.*)$", body, re.MULTILINE)
        jobs.add((rule, wildcards[1] if wildcards else ""))
    return {job for job in jobs if job[0] not in TARGETS}


def rows_of_preview(text: str) -> list[dict[str, str]]:
    """Return the rows of the table that a preview prints."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def counts_of_preview(text: str) -> dict[str, int]:
    """Return how many jobs of each rule a preview announces."""
    counts = collections.Counter()
    for row in rows_of_preview(text):
        counts[row["rule"]] += int(row["jobs"])
    return dict(counts)


def with_experiments(config: dict) -> dict:
    """Return a copy of a tiny config with the runs of Figures 4 to 6, and a remedy."""
    config = copy.deepcopy(config)
    config["regimes"]["LB-slow"] = {"batch_fraction": 0.5, "learning_rate": 5.0e-3}
    config["study"]["further_regimes"] = {"N1": ["LB-slow"]}
    config["sweep"]["batch_sizes"] = {"N1": [4, 16], "N2": [16]}
    config["iterates"]["networks"] = config["warm_start"]["networks"] = ["N1"]
    config["warm_start"]["seeds"] = [0]
    return config


def tiny_config() -> dict:
    """Return a copy of the tiny config with the checksums of its raw files."""
    config = yaml.safe_load((ROOT / "tests/config/tiny.yaml").read_text())
    config["datasets"]["tiny"]["files"] = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in raw_files().items()
    }
    return config
