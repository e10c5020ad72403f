"""The minutes that jobs ask for: the estimate with a margin, rounded up."""

import math
import time
from dataclasses import asdict

import pytest

from project import default_config
from sharpminima.networks.size import Size
from sharpminima.planning import runtime
from sharpminima.planning.planned_time import Estimate, Past, rates
from sharpminima.planning.runtime import Runtimes, minutes, size_in
from sharpminima.regimes import derived
from sharpminima.storage import rows

SIZE = Size(parameters=2_000_000, flops_per_example=3_000_000, kind="dense")
TRAIN = {"rule": "train", "network": "F1", "regime": "SB", "seed": "0"}
FOLDER = "cost/choose_compilation/F1"


@pytest.mark.parametrize(
    ("seconds", "asked"),
    [
        (1.0, 10),
        (200.0, 10),
        (201.0, 20),
        (3600.0, 180),
        (math.nan, 120),
    ],
)
def test_a_job_asks_for_three_times_as_long_in_whole_tens_of_minutes(seconds, asked):
    assert minutes(seconds) == asked


def write_trial(folder, size=SIZE):
    trial = folder / FOLDER / "trial.csv"
    trial.parent.mkdir(parents=True, exist_ok=True)
    rows.write(trial, [{"rule": "choose_compilation", **asdict(size)}])
    return trial


def test_a_size_is_the_one_that_the_trial_wrote(tmp_path):
    assert size_in(tmp_path / "none.csv") is None
    assert size_in(write_trial(tmp_path)) == SIZE


@pytest.mark.parametrize("text", ["", "rule,network\n", "rule,kind\nchoose,dense\n"])
def test_a_damaged_trial_tells_no_size(tmp_path, text):
    """Nor does one of an earlier version, which has no digest."""
    trial = tmp_path / "trial.csv"
    trial.write_text(text)
    assert size_in(trial) is None


def test_a_job_asks_for_the_most_of_the_previews_estimate(tmp_path):
    config = default_config()
    write_trial(tmp_path)
    estimate = Estimate(config, rates()["seconds"], {"F1": SIZE}, Past.of(tmp_path))
    least, most = estimate.seconds(TRAIN)
    # Otherwise this would not tell the least from the most.
    assert minutes(least) < minutes(most)
    assert Runtimes(config, tmp_path).of(TRAIN) == minutes(most)


def test_a_size_counts_as_soon_as_it_is_known(tmp_path):
    """The trial runs after the first plan, and before any job that needs its size."""
    runtimes = Runtimes(default_config(), tmp_path)
    assert runtimes.of(TRAIN) == runtime.UNKNOWN
    write_trial(tmp_path)
    small = runtimes.of(TRAIN)
    assert small != runtime.UNKNOWN
    write_trial(tmp_path, Size(200_000_000, 300_000_000, "convolutional"))
    assert runtimes.of(TRAIN) > 50 * small


def test_jobs_without_a_network_ask_for_what_they_take(tmp_path):
    runtimes = Runtimes(default_config(), tmp_path)
    prepare = {"rule": "prepare_dataset", "dataset": "mnist5k"}
    assert runtimes.of(prepare) == 10
    # It may have to be downloaded, and nobody knows how long that takes.
    assert runtimes.of(prepare | {"dataset": "mnist"}) == runtime.UNKNOWN
    trial = {"rule": "choose_compilation", "network": "F1"}
    assert runtimes.of(trial) == 10


def test_thousands_of_jobs_are_asked_in_a_moment(tmp_path):
    config = derived.with_derived(default_config())
    write_trial(tmp_path)
    runtimes = Runtimes(config, tmp_path)
    runtimes.of(TRAIN)
    started = time.process_time()
    for seed in range(5000):
        runtimes.of(TRAIN | {"seed": str(seed)})
    assert time.process_time() - started < 2.0
