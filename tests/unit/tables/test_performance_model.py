"""The performance model: iterations to comparable accuracy, bounds, who pays."""

import numpy as np
import pandas as pd
import pytest

from examples import IDENTITY
from sharpminima.tables import performance_model


def run(regime, batch_size, updates, accuracies, *, seed=0, seconds=1.0, **outcome):
    """Return history and outcome of a run with so many updates an epoch."""
    epochs = range(1, len(accuracies) + 1)
    identity = {**IDENTITY, "regime": regime, "seed": seed}
    history = pd.DataFrame(
        {
            **identity,
            "epoch": epochs,
            "updates": [updates * epoch for epoch in epochs],
            "test_accuracy": accuracies,
            "seconds": seconds,
        }
    )
    status = {"batch_size": batch_size, "status": "ceased", "variant": "plain"}
    return history, {**identity, **status, **outcome}


def small(**outcome):
    """Return an SB run that is within half a point of its end after three epochs."""
    return run("SB", 32, 125, [90.0, 95.0, 95.6, 96.0], **outcome)


def compared(*runs, tolerance=0.5, parallel_efficiency=(0.2, 1.0), first="SB"):
    histories, outcomes = zip(*runs, strict=True)
    return performance_model.tabulate(
        pd.concat(histories, ignore_index=True),
        pd.DataFrame(outcomes),
        first=first,
        tolerance=tolerance,
        parallel_efficiency=list(parallel_efficiency),
    )


def test_iterations_and_bound_are_those_of_appendix_c():
    """The paper's example: f_s = 0.2 and a tenth allow half as many iterations."""
    large = run("LB", 320, 10, [80.0] * 18 + [95.5, 97.0], seconds=2.0)
    row = compared(small(), large).iloc[0]
    assert (row["first"], row["second"], row["status"]) == ("SB", "LB", "ok")
    assert row["target_accuracy"] == 95.5
    assert (row["first_iterations"], row["second_iterations"]) == (375, 190)
    assert row["iterations_ratio"] == pytest.approx(190 / 375)
    assert row["bound"] == pytest.approx(0.1)
    assert row["bound"] / 0.2 == pytest.approx(0.5)
    assert (row["pays_at_0.2"], row["pays_at_1"]) == ("no", "no")
    assert row["break_even_efficiency"] == pytest.approx((375 * 32) / (190 * 320))


def test_below_the_bound_a_larger_batch_pays():
    large = run("LB", 320, 10, [80.0] * 17 + [95.5])
    row = compared(small(), large).iloc[0]
    assert row["iterations_ratio"] < 0.5
    assert (row["pays_at_0.2"], row["pays_at_1"]) == ("yes", "no")


def test_seconds_are_those_until_the_target():
    large = run("LB", 320, 10, [80.0, 96.0, 97.0, 97.0], seconds=3.0)
    row = compared(small(), large).iloc[0]
    assert row["first_seconds_per_update"] == pytest.approx(1 / 125)
    assert row["second_seconds_per_update"] == pytest.approx(3 / 10)
    assert row["seconds_ratio"] == pytest.approx((2 * 3.0) / (3 * 1.0))


@pytest.mark.parametrize("tolerance", [0.1, 0.2, 0.3, 0.5, 1.0])
def test_an_accuracy_at_the_target_reaches_it(tolerance):
    """As percents of 10,000 examples, many of which have no exact difference."""
    ends = [correct / 100 for correct in range(9000, 9100)]
    for end in ends:
        at = (round(100 * end) - round(100 * tolerance)) / 100
        history = pd.DataFrame(
            {"test_accuracy": [at, end], "updates": [1, 2], "seconds": [1.0, 1.0]}
        )
        assert performance_model._until(history, end - tolerance)[0] == 1


def test_a_target_that_is_never_reached_is_missing():
    row = compared(small(), run("LB", 320, 10, [80.0, 95.4])).iloc[0]
    assert row["status"] == "ok"
    missing = ["second_iterations", "iterations_ratio", "break_even_efficiency"]
    assert row[[*missing, "pays_at_0.2", "pays_at_1", "seconds_ratio"]].isna().all()


@pytest.mark.parametrize("statuses", [("diverged", "floor"), ("floor", "diverged")])
def test_a_run_that_diverged_is_named_and_not_compared(statuses):
    first, second = statuses
    large = run("LB", 320, 10, [97.0, 97.0], status=second)
    row = compared(small(status=first), large).iloc[0]
    assert row["status"] == "diverged"
    assert np.isnan(row["iterations_ratio"])


def test_runs_of_one_seed_are_compared_with_each_larger_batch():
    table = compared(
        small(),
        run("SB", 32, 125, [97.0], seed=1),
        run("B64", 64, 60, [97.0]),
        run("B16", 16, 250, [97.0]),
        run("LB", 320, 10, [97.0]),
        run("LB", 320, 10, [98.0], seed=1),
    )
    found = table[["second", "seed", "target_accuracy"]].values.tolist()
    assert found == [["B64", 0, 95.5], ["LB", 0, 95.5], ["LB", 1, 96.5]]


def test_only_runs_of_one_variant_are_compared():
    better = run("LB-augmented", 320, 10, [97.0], variant="augmentation")
    assert compared(small(), better, run("LB", 320, 10, [97.0]))["second"].tolist() == [
        "LB"
    ]


def test_runs_that_name_no_variant_are_of_one():
    runs = [small(), run("LB", 320, 10, [97.0])]
    for _, outcome in runs:
        outcome.pop("variant")
    assert len(compared(*runs)) == 1


def test_without_a_larger_batch_the_table_is_empty():
    table = compared(small(), run("LB", 320, 10, [97.0]), first="LB")
    assert table.empty
    assert {"iterations_ratio", "pays_at_0.2"} < set(table.columns)
