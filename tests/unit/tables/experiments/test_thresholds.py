"""Thresholds of the batch size: found where there is one, and only there."""

import re

import numpy as np
import pandas as pd
import pytest

from sharpminima.tables.experiments import thresholds

SIZES = [2**k for k in range(4, 13)]


def falling(size):
    """Accuracy that falls by a point for each doubling beyond 512."""
    return 80.0 - max(0.0, np.log2(size) - 9.0)


def levelling(size):
    """Sharpness that rises tenfold per two doublings up to 256, and no more."""
    return 10.0 ** (0.5 * min(np.log2(size), 8.0) - 3.0)


def sweep(accuracy, sharpness=levelling, *, sizes=SIZES, seeds=4, noise=0.2, draw=0):
    """Return runs of made-up networks, with normal noise in points and in log10."""
    rng = np.random.default_rng(draw)
    rows = [
        {
            **{"network": "C1", "dataset": "cifar10", "batch_size": size},
            **{"seed": seed, "status": "ceased"},
            "test_accuracy": accuracy(size) + noise * rng.normal(),
            "sharpness": sharpness(size) * 10.0 ** (noise * rng.normal()),
        }
        for size in sizes
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows)


def row_of(rows, measure="test_accuracy"):
    return thresholds.tabulate(rows).set_index("measure").loc[measure]


@pytest.mark.parametrize(
    ("measure", "threshold", "drop"),
    [("test_accuracy", 512, 1.0), ("sharpness", 256, 0.5)],
)
def test_a_break_without_noise_is_found(measure, threshold, drop):
    row = row_of(sweep(falling, noise=0.0), measure)
    assert row["threshold"] == pytest.approx(threshold)
    assert row["drop_per_doubling"] == pytest.approx(drop)
    assert (row["low"], row["high"]) == pytest.approx((threshold, threshold))


@pytest.mark.parametrize(
    ("measure", "threshold"), [("test_accuracy", 512), ("sharpness", 256)]
)
def test_a_break_in_noise_is_found_and_lies_in_its_interval(measure, threshold):
    row = row_of(sweep(falling), measure)
    assert threshold / 1.5 < row["threshold"] < threshold * 1.5
    assert row["low"] <= threshold <= row["high"]
    assert row["low"] < row["high"]
    assert row["runs"] == 4 * len(SIZES)
    assert re.fullmatch(
        r"two segments in log2\(batch size\); bootstrap over 4 seeds: "
        r"\d{3} of 999 samples have a threshold",
        row["note"],
    )


def test_intervals_cover_the_break_most_of_the_time():
    found = [row_of(sweep(falling, seeds=5, draw=i)) for i in range(12)]
    covering = sum(row["low"] <= 512 <= row["high"] for row in found)
    assert covering >= 9


def line(size):
    return 80.0 - np.log2(size)


def rising_sharpness(size):
    return float(size)


@pytest.mark.parametrize(
    ("accuracy", "sharpness"),
    [
        (lambda size: 80.0, lambda size: 10.0),
        (line, rising_sharpness),
        (lambda size: 160.0 - falling(size), lambda size: 1.0 / levelling(size)),
    ],
    ids=["flat", "straight", "the other way round"],
)
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_without_a_break_of_the_papers_shape_there_is_no_threshold(
    accuracy, sharpness, noise
):
    table = thresholds.tabulate(sweep(accuracy, sharpness, noise=noise))
    assert table["threshold"].isna().all()
    assert table["low"].isna().all()
    assert set(table["note"]) == {
        "no threshold: a broken line fits no better than a straight one"
    }


def test_noise_alone_rarely_has_a_threshold():
    found = 0
    for draw in range(50):
        rows = sweep(lambda size: 80.0, lambda size: 10.0, draw=draw, seeds=3)
        found += thresholds.tabulate(rows)["threshold"].notna().sum()
    assert found <= 5


def test_few_batch_sizes_have_no_threshold():
    row = row_of(sweep(falling, sizes=[16, 512, 4096], noise=0.0))
    assert np.isnan(row["threshold"])
    assert row["note"] == "needs 4 batch sizes. Received: 3"


def test_few_runs_have_no_threshold():
    table = thresholds.tabulate(sweep(falling, sizes=SIZES[::2], seeds=1))
    assert table["note"].tolist() == [
        "needs 6 runs. Received: 5",
        "needs 7 runs. Received: 5",
    ]


def test_where_no_sample_has_a_threshold_there_is_no_interval(monkeypatch):
    monkeypatch.setattr(thresholds, "RESAMPLES", 0)
    row = row_of(sweep(falling))
    assert row["threshold"] > 0
    assert np.isnan(row["low"])
    assert row["note"].endswith("0 of 0 samples have a threshold")


def test_one_seed_has_a_threshold_and_no_interval():
    row = row_of(sweep(falling, seeds=1, noise=0.01))
    assert row["threshold"] == pytest.approx(512, rel=0.1)
    assert np.isnan(row["low"])
    assert row["note"] == "two segments in log2(batch size); no interval: one seed"


def test_diverged_runs_and_sharpness_of_zero_are_left_out():
    rows = sweep(falling, noise=0.0)
    rows.loc[0, ["status", "test_accuracy", "sharpness"]] = ["diverged", 10.0, np.nan]
    rows.loc[1, "sharpness"] = 0.0
    table = thresholds.tabulate(rows).set_index("measure")
    assert table["runs"].to_dict() == {
        "test_accuracy": len(rows) - 1,
        "sharpness": len(rows) - 2,
    }
    assert table["threshold"].tolist() == pytest.approx([512, 256])


def test_every_network_has_its_rows_and_the_same_runs_the_same_ones():
    rows = sweep(falling, seeds=2)
    both = pd.concat([rows, rows.assign(network="C3", dataset="cifar100")])
    table = thresholds.tabulate(both)
    assert table.columns.tolist() == thresholds.COLUMNS
    assert table["network"].tolist() == ["C1", "C1", "C3", "C3"]
    pd.testing.assert_frame_equal(table, thresholds.tabulate(both))
