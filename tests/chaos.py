"""Kill a study at random moments, run it again, and compare what it ends with.

    make chaos

Three kinds of kills take turns: of Snakemake with its jobs, of a job alone, and of
Snakemake alone, whose jobs are left behind. After each, the same command runs again,
and nothing else is done. In the end tables, weights, iterates and charts must have the
bytes of a study that nobody killed, but for columns of seconds.
"""

import argparse
import collections
import contextlib
import csv
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import yaml

from project import ROOT
from studies import ENVIRONMENT, Study, tiny_config

KINDS = ("both", "job", "Snakemake")
# Columns of times, and the digest of a file that has such a column.
TIMES = {"seconds", "digest"}
# What says how long something took, or has to be done again.
UNLIKE = {"logs", "benchmarks", "cost", "unfinished", "compilation"}
# What a job says that goes on.
RESUMED = ("Goes on after", "steps are known from before")
PATIENCE_S = 300


def config(epochs=150, draws=60) -> dict:
    """Return a tiny study whose jobs are long enough to be killed in their middle."""
    given = tiny_config()
    given["save_every"] = 0.1
    given["study"] |= {"networks": ["N1"], "seeds": [0]}
    given["training"]["stopping"] |= {"max_epochs": epochs, "min_epochs": epochs}
    given["regimes"]["SB"]["averaging"] = {"last_epochs": 3}
    given["iterates"] |= {"networks": ["N1"], "epochs": [0, 2, epochs]}
    given["sharpness"]["subspace"]["draws"] = draws
    given["average_sharpness"] = {"epsilons": [1e-3], "pairs": 20 * draws}
    return given


class Victim:
    """A study in a folder of its own, and the kills that it has survived.

    Attributes:
        kills: How often each kind of kill has happened.
        resumed: Each time that a job went on where one that was killed had been.
    """

    def __init__(self, folder: Path):
        self.folder, self.kills, self.resumed = folder, collections.Counter(), set()

    @classmethod
    def begun(cls, folder: Path, given: dict) -> "Victim":
        """Return a study whose data are prepared, and the way of compiling chosen.

        It must not depend on kills which way is faster.
        """
        begun = Study(folder / "begun").directory
        (begun / "study.yaml").write_text(yaml.safe_dump(given))
        study = cls(begun)
        study.run("results/cost/choose_compilation/N1/trial.csv")
        return study

    def copy(self, name: str) -> "Victim":
        """Return a copy in a folder of this name, beside this one's."""
        return Victim(shutil.copytree(self.folder, self.folder.with_name(name)))

    def run(self, *targets: str) -> None:
        """Run the study to its end; raise an AssertionError if Snakemake fails."""
        snakemake = self.begin("snakemake", "--", *targets)
        status = snakemake.wait()
        self._look()
        assert status == 0, (self.folder / "snakemake.log").read_text()[-3000:]

    def kill(self, kind: str, rule: str, after: float, *, saved: bool = False) -> bool:
        """Run the study, and kill it `after` seconds since a job of `rule` was seen.

        With `saved`, the seconds count from when such a job has saved a state.

        Returns:
            Whether the study was still running.
        """
        snakemake, begun = self.begin(), time.time()
        while snakemake.poll() is None and not _jobs(snakemake, rule):
            time.sleep(0.02)
        while saved and snakemake.poll() is None and not self._saved(rule, begun):
            time.sleep(0.02)
        with contextlib.suppress(subprocess.TimeoutExpired):
            snakemake.wait(after)
        alive, jobs = snakemake.poll() is None, _jobs(snakemake, rule)
        if alive and kind == "job" and jobs:
            random.choice(jobs).kill()
        elif alive and kind == "Snakemake":
            snakemake.kill()
        elif alive:
            kind = "both"
            signal_group(snakemake, signal.SIGKILL)
        self.kills[kind] += alive
        # A Snakemake that has lost one job finishes those that do not need it.
        snakemake.wait(PATIENCE_S)
        self._look()
        return alive

    def begin(self, name: str = "snakemake", *flags: str) -> subprocess.Popen:
        """Begin to run the study; what it prints is in the file `name`.log."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2"]
        command += ["--snakefile", ROOT / "Snakefile", "--directory", self.folder]
        command += ["--configfile", self.folder / "study.yaml", *flags]
        with (self.folder / f"{name}.log").open("w") as log:
            # With its jobs it is a group of processes, as in a terminal.
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                start_new_session=True,
                preexec_fn=hear,
            )

    def _saved(self, rule, since):
        states = (self.folder / "results/unfinished").glob(f"{rule}*/*.npz")
        return any(state.stat().st_mtime > since for state in states)

    def _look(self):
        for log in (self.folder / "results").rglob("*.log"):
            if any(words in log.read_text() for words in RESUMED):
                name = f"{log.parent.name}/{log.stem}"
                self.resumed.add((name, log.stat().st_mtime))


def hear() -> None:
    """Let a new process hear signals that this one may have been told to ignore."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def signal_group(snakemake: subprocess.Popen, number: int) -> None:
    """Send a signal to Snakemake and to its jobs, as a terminal does."""
    os.killpg(snakemake.pid, number)


def _jobs(snakemake, rule):
    """Return the processes of the jobs of a rule, or of rules that begin like it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(snakemake.pid).children()
        return [c for c in children if f".{rule}" in Path(_script(c)).name]
    return []


def _script(process):
    with contextlib.suppress(psutil.NoSuchProcess, IndexError):
        return process.cmdline()[1]
    return ""


def content(folder: Path) -> dict[str, object]:
    """Return the files of results that must be the same; tables without their times."""
    found = {}
    for path in sorted((folder / "results").rglob("*")):
        name = path.relative_to(folder / "results").as_posix()
        if path.is_file() and not UNLIKE & {*Path(name).parts} and "cost" not in name:
            found[name] = path.read_bytes()
            # A PDF file lists its fonts in another order in every process.
            if path.suffix == ".pdf":
                found[name] = len(found[name])
            if path.suffix == ".csv":
                with path.open(newline="") as file:
                    rows = list(csv.DictReader(file))
                found[name] = [
                    {k: v for k, v in row.items() if k not in TIMES} for row in rows
                ]
    return found


def survive(victim: Victim, kills: int, rule: str, longest: float) -> None:
    """Kill the study so many times, in its jobs of `rule`; then let it end."""
    kinds = itertools.cycle(KINDS)
    for _ in range(kills):
        if not victim.kill(next(kinds), rule, random.uniform(0, longest)):
            break
    victim.run()


def main():
    """Run the study of the command line twice, and say what the kills have changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rule", default="", help="kill only where its jobs run")
    parser.add_argument("--longest", type=float, default=10.0, help="seconds of a job")
    parser.add_argument("--epochs", type=int, default=3000)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of the random moments")
    options = parser.parse_args()
    random.seed(options.seed)
    kills, resumed, changed = collections.Counter(), 0, set()
    with tempfile.TemporaryDirectory() as folder:
        begun = Victim.begun(Path(folder), config(options.epochs, options.draws))
        whole, started = begun.copy("whole"), time.monotonic()
        whole.run()
        print(f"{time.monotonic() - started:.0f} s without kills", flush=True)
        expected = content(whole.folder)
        # A study may end before all kills have happened: then another one is killed.
        while (left := options.kills - kills.total()) > 0:
            victim = begun.copy(f"killed{kills.total()}")
            survive(victim, left, options.rule, options.longest)
            kills, resumed = kills + victim.kills, resumed + len(victim.resumed)
            found = content(victim.folder)
            names = expected.keys() | found.keys()
            changed |= {n for n in names if expected.get(n) != found.get(n)}
            print(f"{dict(victim.kills)}, the study has ended", flush=True)
    print(f"kills: {dict(kills)}; jobs that went on: {resumed}")
    print(f"{len(expected)} files, of which these differ: {sorted(changed)}")
    sys.exit(bool(changed))


if __name__ == "__main__":
    main()
