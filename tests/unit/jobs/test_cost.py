"""A job's row: work adds up, a gradient counts three passes, memory is in MB."""

import csv

import numpy as np

from sharpminima.jobs import cost
from sharpminima.jobs.cost import Job, Work


def row_of(path):
    with path.open() as file:
        (row,) = csv.DictReader(file)
    return row


def test_work_adds_up():
    assert Work(1, 20, 300) + Work(2, 5, 0) == Work(3, 25, 300)


def test_a_gradient_takes_three_passes():
    assert Work(1, 20, 300).flops(7) == 7 * (20 + 3 * 300)


def test_a_job_writes_its_row(tmp_path):
    job = Job("train")
    work = Work(1, 20, 300)
    identity = {"network": "N1", "seed": 0}
    path = tmp_path / "row.csv"
    job.write(path, identity, device="GPU", work=work, flops_per_example=7)
    row = row_of(path)
    assert (row["rule"], row["network"], row["device"]) == ("train", "N1", "GPU")
    assert row["gradient_examples"] == "300"
    assert row["flops"] == str(7 * 920)
    assert float(row["startup_seconds"]) > 0
    assert 0 <= float(row["seconds"]) < 10


def test_peak_memory_is_in_megabytes():
    before = cost.peak_megabytes()
    held = np.ones(60_000_000, np.int64)
    assert held.nbytes == 480e6
    assert cost.peak_megabytes() - before < 490
    assert cost.peak_megabytes() > 480


def test_memory_is_in_bytes_on_macos(monkeypatch):
    elsewhere = cost.peak_megabytes()
    monkeypatch.setattr(cost, "RSS_UNIT", 1)
    assert cost.peak_megabytes() < elsewhere / 1000
