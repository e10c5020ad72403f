"""Plan or run the real Snakefile in a directory of its own."""

import collections
import copy
import functools
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml

from examples import idx_file
from project import ROOT

TIMEOUT_S = 600
LARGE = 2 << 20
SNAKEMAKE = ("-m", "snakemake")
# `--touch` sleeps for 0.1 s before each job, which no test needs.
WITHOUT_SLEEP = (
    "-c",
    "from snakemake import cli; from snakemake.executors.touch import Executor; "
    "Executor.SLEEPING_TIME = 0.0; cli.main()",
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

    The directory holds no `config.yaml`, so nothing is merged into the test's config.
    """

    def __init__(self, directory: Path, timeout_s: float = TIMEOUT_S):
        self.directory = directory
        self._timeout_s = timeout_s
        raw = directory / "raw/tiny"
        raw.mkdir(parents=True)
        for name, content in raw_files().items():
            (raw / name).write_bytes(content)

    def run(self, config, *flags, **options):
        """Run `snakemake *flags` on `config`; return the completed process."""
        (self.directory / "test.yaml").write_text(yaml.safe_dump(config))
        overlay = ("--configfile", str(self.directory / "test.yaml"))
        return self.snakemake(*flags, *overlay, **options)

    def snakemake(
        self, *flags, snakefile=ROOT / "Snakefile", program=SNAKEMAKE, **environment
    ):
        """Run `snakemake *flags`; return the completed process."""
        command = [sys.executable, *program, "--cores", "2", *flags]
        command += ["--snakefile", str(snakefile), "--directory", str(self.directory)]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=self._timeout_s,
            env=ENVIRONMENT | environment,
        )

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

    def preview(self, config) -> str:
        """Return what `make preview` prints of `config`."""
        (self.directory / "test.yaml").write_text(yaml.safe_dump(config))
        script = str(ROOT / "workflow/scripts/preview.py")
        done = subprocess.run(
            [sys.executable, script, "--cores", "2", "--configfile", "test.yaml"],
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=self._timeout_s,
            env=ENVIRONMENT,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def record_as_finished(self, config, size=LARGE):
        """Make every output a blank file and store its metadata, as if all had run.

        HDF5 files have `size` bytes.
        """
        self._record(functools.partial(self.run, config), size)

    def record_overlay_as_finished(self, *overlay):
        """Do the same for the config in the directory with `--configfile overlay`."""
        self._record(functools.partial(self.snakemake, *overlay), LARGE)

    def _record(self, run, size):
        for line in run("--summary").stdout.splitlines()[1:]:
            output = self.directory / line.split("\t")[0]
            output.parent.mkdir(parents=True, exist_ok=True)
            # Over a megabyte, Snakemake goes by times unless told otherwise.
            output.write_bytes(bytes(size if output.suffix == ".h5" else 0))
        done = run("--touch", "--forceall", program=WITHOUT_SLEEP)
        assert done.returncode == 0, done.stdout + done.stderr


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
