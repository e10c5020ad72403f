"""Studies on a real Slurm of one node, with `profiles/slurm` as users have it.

They run side by side, since their jobs wait most of the time.
"""

import datetime
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from project import ROOT, require_cluster
from sharpminima.planning.runtime import STEP, UNKNOWN
from slurm import cluster
from studies import ENVIRONMENT, Study

pytestmark = pytest.mark.slow
TIMEOUT_S = 480
# Seconds that Snakemake may take to end.
PATIENCE_S = 60
# One tick of the clock by which Slurm looks for jobs that are out of time.
TICK_S = 30
# So many take a few seconds.
EPOCHS = 1000
TOOLS = Path(cluster.__file__).parent
NETWORK = {"dataset": "tiny", "builder": f"{TOOLS / 'noted.py'}:noted", "options": {}}
LOG = "results/logs/train/N1_SB_seed0.log"
RUNS = [f"results/train/N1/{regime}/seed0/outcome.csv" for regime in ("SB", "LB")]
WHOLE = {"tables"}
PROFILE = ("--workflow-profile", str(ROOT / "profiles/slurm"))
# As the profile's comments say.
GPUS = ("--resources", "turn=1", f"gpu={cluster.GPUS}")
SQUEUE = ("--slurm-status-command", "squeue")
GROUPS = ("--groups", "train=runs", "--group-components", "runs=2")


def wait_until(true):
    """Wait until a function returns something true."""
    end = time.monotonic() + TIMEOUT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


@dataclass
class Head:
    """A Snakemake that sends jobs to a cluster."""

    study: Study
    environment: dict[str, str]
    process: subprocess.Popen

    @property
    def folder(self):
        """Where it runs."""
        return self.study.directory

    @property
    def text(self):
        """What it has printed up to now."""
        return (self.folder / "printed.txt").read_text()

    @property
    def notes(self):
        """What jobs have noted: rule, number of the job, process, devices."""
        text = (self.folder / "notes.txt").read_text()
        return [tuple(line.split()) for line in text.splitlines()]

    def wait_for(self, pattern, log):
        """Wait until a job's log has the pattern."""
        path = self.folder / log

        def logged():
            assert self.process.poll() is None, self.text
            return path.exists() and re.search(pattern, path.read_text())

        wait_until(logged)

    def finish(self):
        """Wait until it has ended, and demand that it is content."""
        assert self.process.wait(TIMEOUT_S) == 0, self.text
        return self

    def slurm(self, *command):
        """Return what a command of Slurm prints, as lines of fields."""
        environment = ENVIRONMENT | self.environment
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        )
        return [line.split("|") for line in done.stdout.splitlines()]


def start(folder, environment, config, *flags):
    """Start a study on a cluster. Single runs do without a trial of compiling."""
    study = Study(folder)
    if not WHOLE & set(flags):
        study.write_choices(config)
    flags = [*flags, *PROFILE, "--configfile", str(study.write(config))]
    # There is no other machine that could see a file late.
    flags += ["--directory", str(folder), "--latency-wait", "5"]
    flags += ["--snakefile", str(ROOT / "Snakefile")]
    with (folder / "printed.txt").open("w") as file:
        process = subprocess.Popen(
            [sys.executable, str(TOOLS / "impatient.py"), *flags],
            env=ENVIRONMENT | environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    return Head(study, environment, process)


def config_of(tiny, epochs=2):
    """Return the tiny config with one network, whose builder takes notes, and seed."""
    study = {**tiny["study"], "networks": ["N1"], "seeds": [0]}
    ends = dict.fromkeys(("patience", "min_epochs", "max_epochs"), epochs)
    stopping = {**tiny["training"]["stopping"], **ends}
    training = {**tiny["training"], "stopping": stopping}
    return {**tiny, "networks": {"N1": NETWORK}, "study": study, "training": training}


@pytest.fixture(scope="module")
def heads(tiny, tmp_path_factory):
    """Studies that have begun, by name."""
    require_cluster()
    own, long, endless = (config_of(tiny, n) for n in (2, EPOCHS, 100_000))
    asked = {
        False: {
            "grouped": (own, *RUNS, *SQUEUE, *GROUPS),
            "stopped": (endless, RUNS[0], *SQUEUE),
        },
        True: {
            "limited": (long, RUNS[0]),
            "whole": (own, "tables", *GPUS),
        },
    }
    heads = {}
    with ExitStack() as stack:
        for accounting, studies in asked.items():
            environment = stack.enter_context(cluster.cluster(accounting=accounting))
            for name, given in studies.items():
                folder = tmp_path_factory.mktemp(name)
                heads[name] = start(folder, environment, *given)
                stack.callback(heads[name].process.wait)
                stack.callback(heads[name].process.kill)
        yield heads


def test_a_signal_cancels_jobs_and_lets_them_save(heads):
    head = heads["stopped"]
    head.wait_for("epoch 1/", LOG)
    head.process.send_signal(signal.SIGTERM)
    assert head.process.wait(PATIENCE_S) == 1
    saved = "Stopped: signal SIGTERM. What was trained is saved"
    wait_until(lambda: saved in (head.folder / LOG).read_text())
    (job,) = {job for _, job, *_ in head.notes}
    wait_until(lambda: head.slurm("squeue", "--noheader", f"--jobs={job}") == [])
    # Nothing has to be unlocked.
    assert not list((head.folder / ".snakemake/locks").glob("*"))


def test_a_job_out_of_time_goes_on_with_more_of_all(heads):
    head = heads["limited"]
    head.wait_for("epoch 1/", LOG)
    ((_, job, process, _),) = head.notes
    # Slurm wakes it before it sends the signal. Meanwhile it need not compute.
    os.kill(int(process), signal.SIGSTOP)
    # The next tick warns, and the one after it would end the job.
    end = datetime.datetime.now() + datetime.timedelta(seconds=TICK_S + 2)
    head.slurm("scontrol", "update", f"jobid={job}", f"EndTime={end:%Y-%m-%dT%H:%M:%S}")
    head.finish()
    (again,) = {noted for _, noted, *_ in head.notes} - {job}
    # The process that trains got the signal, saved what it had, and went on from there.
    done = re.search(r"Goes on after (\d+) epochs", (head.folder / LOG).read_text())
    assert 0 < int(done[1]) < EPOCHS
    assert pd.read_csv(head.folder / RUNS[0])["epochs"].tolist() == [EPOCHS]
    fields = ("--noheader", "--parsable2", "--format=state,timelimit,reqmem")
    ((state, _, first),) = head.slurm("sacct", "-X", f"--jobs={job}", *fields)
    ((last, limit, second),) = head.slurm("sacct", "-X", f"--jobs={again}", *fields)
    assert (state, last) == ("FAILED", "COMPLETED")
    # Without a trial, nobody knew how long it would take.
    assert limit == f"0{2 * UNKNOWN // 60}:00:00"
    assert int(second.rstrip("M")) == 2 * int(first.rstrip("M"))


def test_a_study_runs_from_start_to_end(heads, tiny):
    head = heads["whole"].finish()
    submitted = re.findall(r"^rule (\w+):$", head.text, re.MULTILINE)
    # Tables are made where Snakemake runs.
    assert pd.Series(submitted).value_counts().to_dict() == {
        **{"prepare_dataset": 1, "choose_compilation": 1, "train": 2},
        **{"measure_sharpness": 2, "measure_interpolation": 1},
    }
    made = {path.stem for path in head.folder.glob("results/tables/*.csv")}
    assert made == {
        *("runs", "networks", "accuracy", "measurements", "sharpness", "anatomy"),
        *("minima", "cost", "ratios", "distances", "performance_model", "claims"),
    }
    ratios = pd.read_csv(head.folder / "results/tables/ratios.csv")
    assert ratios["ratio"].gt(0).all()
    cost = pd.read_csv(head.folder / "results/tables/cost.csv")
    assert cost.loc[cost["rule"] == "train", "jobs"].tolist() == [2]
    # What a cluster has finished is finished for the default profile.
    assert head.study.planned(config_of(tiny), "tables") == set()


def test_jobs_ask_for_the_time_of_the_estimate(heads):
    """The trial, which has finished by then, says how large the network is."""
    head = heads["whole"].finish()
    asked = r"^rule train:\n(?:    .*\n)*?    .*runtime=(\d+)"
    assert re.findall(asked, head.text, re.MULTILINE) == 2 * [str(STEP)]


def test_a_job_gets_the_gpu_that_slurm_hands_out(heads):
    devices = {(rule, its) for rule, _, _, its in heads["whole"].finish().notes}
    assert {rule for rule, _ in devices} == {
        *("choose_compilation", "train", "measure_sharpness", "measure_interpolation")
    }
    assert {its for _, its in devices} == {"0", "1"}
    # Two runs train at once, and share no GPU.
    assert {its for rule, its in devices if rule == "train"} == {"0", "1"}
    # Nobody offered one.
    assert {its for *_, its in heads["limited"].notes} == {"None"}


def test_jobs_share_a_submission_without_accounting(heads):
    """They take turns: their times add up, but neither memory nor processors do."""
    head = heads["grouped"].finish()
    assert head.slurm("sh", "-c", "sacct 2>&1 || true") == [
        ["Slurm accounting storage is disabled"]
    ]
    log = r"submitted with SLURM jobid (\d+) \(log: .*/slurm_logs/(\w+)/"
    submitted = {name: job for job, name in re.findall(log, head.text)}
    assert set(submitted) == {"rule_prepare_dataset", "group_runs_train"}
    every = ("squeue", "--states=all", "--noheader", "--format=%l|%C|%m")
    asked = head.slurm(*every, f"--jobs={submitted['group_runs_train']}")
    assert asked == [[f"{2 * UNKNOWN // 60}:00:00", "1", "2040M"]]
    jobs = [job for _, job, *_ in head.notes]
    assert jobs == 2 * [submitted["group_runs_train"]]
