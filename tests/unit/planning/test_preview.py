"""The preview: jobs of a dry run, summed, scheduled and said in words."""

import math

import pandas as pd
import pytest

from sharpminima.planning import preview

DRY_RUN = """
rule train:
    input: results/data/tiny.h5
    output: results/train/N1/SB/seed0/history.csv
    wildcards: network=N1, regime=SB, seed=0
    resources: tmpdir=/tmp, mem_mb=1540

rule tabulate_accuracy:
    input: results/train/N1/SB/seed0/outcome.csv
    jobid: 3

localrule all:
    input: results/tables/accuracy.csv
    jobid: 0
"""
NAN = float("nan")


class Told:
    """An estimate that knows the answer of each rule."""

    def __init__(self, **seconds):
        self._seconds = seconds

    def seconds(self, job):
        return self._seconds[job["rule"]]

    def finished(self, job):
        return pd.DataFrame({"rule": [1] * (job["rule"] == "train")})


def train(*seeds):
    run = {"rule": "train", "network": "N1", "regime": "SB"}
    return [run | {"seed": str(seed)} for seed in seeds]


def test_jobs_are_those_announced_but_for_the_targets():
    assert preview.jobs_of(DRY_RUN) == [
        {"rule": "train", "network": "N1", "regime": "SB", "seed": "0"},
        {"rule": "tabulate_accuracy"},
    ]


def test_tables_and_charts_come_last_a_row_for_each_rule():
    chart = {"rule": "chart_training", "network": "N1"}
    jobs = [chart, *train(0), chart | {"network": "N2"}]
    told = Told(train=(10.0, 20.0), chart_training=(1.0, 1.0))
    rows = preview.table(jobs, told)
    assert rows[["rule", "network", "jobs"]].values.tolist() == [
        ["train", "N1", 1],
        ["chart_training", "", 2],
    ]


def test_jobs_of_a_kind_share_a_row():
    jobs = [*train(0, 1, 2), {"rule": "tabulate_accuracy"}]
    told = Told(train=(10.0, 20.0), tabulate_accuracy=(1.0, 1.0))
    rows = preview.table(jobs, told).set_index("rule")
    assert rows["jobs"].to_dict() == {"train": 3, "tabulate_accuracy": 1}
    assert rows.loc["train", ["each_low", "low", "high"]].tolist() == [10, 30, 60]
    assert rows["rate"].to_dict() == {"train": "own", "tabulate_accuracy": "stored"}


def test_trajectories_are_measured_before_tables_and_after_training():
    jobs = [{"rule": "tabulate_trajectory"}, *train(0)]
    jobs.append(jobs[1] | {"rule": "measure_trajectory"})
    names = [job["rule"] for job in jobs]
    rows = preview.table(jobs, Told(**dict.fromkeys(names, (1.0, 1.0))))
    expected = ["train", "measure_trajectory", "tabulate_trajectory"]
    assert rows["rule"].tolist() == expected


@pytest.mark.parametrize(("cores", "seconds"), [(1, 34), (2, 17), (3, 12), (99, 12)])
def test_a_stage_takes_as_long_as_its_longest_job_at_least(cores, seconds):
    jobs = [*train(0, 1, 2), *[{"rule": "tabulate_accuracy"}] * 2]
    told = Told(train=(10.0, 10.0), tabulate_accuracy=(2.0, 2.0))
    low, high = preview.elapsed(preview.table(jobs, told), cores)
    assert low == high == seconds


def test_a_sum_with_an_unknown_part_is_unknown():
    class Partly(Told):
        def seconds(self, job):
            return (NAN, NAN) if job["seed"] == "0" else (2.0, 2.0)

    assert preview.table(train(0, 1), Partly())["low"].isna().all()


def test_what_is_unknown_is_said_and_not_summed():
    jobs = [*train(0, 1), {"rule": "tabulate_accuracy"}]
    told = Told(train=(NAN, NAN), tabulate_accuracy=(2.0, 2.0))
    text = preview.text(preview.table(jobs, told), 2)
    assert "Jobs: 3; about 2 s on 2 cores, without 2 whose time is unknown" in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (59.4, "59 s"),
        (59.9, "1 min"),
        (222, "3 min 40 s"),
        (3594, "59 min 50 s"),
        (3599, "1 h"),
        (3700, "1 h 2 min"),
        (50 * 3600, "2 d 2 h"),
        (math.nan, "unknown"),
    ],
)
def test_durations_are_said_in_two_units_at_most(seconds, words):
    assert preview.duration(seconds) == words


def test_a_range_has_two_ends():
    assert preview.span(20, 200) == "20 s to 3 min 20 s"
    assert preview.span(20.1, 20.2) == "20 s"
