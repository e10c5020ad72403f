"""The critical batch size: that of real SGD is found, and a poor sweep is refused."""

import numpy as np
import pandas as pd
import pytest

from sharpminima.tables.experiments import critical_batch

SIZES = [4, 8, 16, 32, 64, 128, 256, 512]
DIMENSIONS, EXAMPLES = 50, 512


def descended(size, seed, *, start=1.0, target=1e-3, rate=0.05):
    """Return losses before each update of SGD on linear regression without label noise.

    Inputs are fresh draws of N(0, 1) in d dimensions, so that the gradient at a
    distance v from the minimum has tr(Sigma) = (d + 1) |v|^2, and the noise scale is
    d + 1 everywhere. The step is the one that the source has best for a batch.
    """
    rng = np.random.default_rng((seed, size))
    distance = start * rng.normal(size=DIMENSIONS) / np.sqrt(DIMENSIONS)
    step, losses = rate / (1.0 + (DIMENSIONS + 1) / size), []
    while not losses or losses[-1] > target / 4 or len(losses) % (EXAMPLES // size):
        inputs = rng.normal(size=(size, DIMENSIONS))
        losses.append(distance @ distance / 2.0)
        distance = distance - step * inputs.T @ (inputs @ distance) / size
    return np.array(losses)


def runs_of(losses_by_run):
    """Return outcomes and histories, from the losses of all updates of each run."""
    outcomes, histories = [], []
    for (size, seed), losses in losses_by_run.items():
        run = {"network": "F1", "dataset": "made-up", "regime": f"B{size}"}
        run |= {"seed": seed}
        outcomes.append({**run, "batch_size": size, "status": "max_epochs"})
        each = losses.reshape(-1, max(EXAMPLES // size, 1)).mean(axis=1)
        for epoch, loss in enumerate(each, 1):
            updates = epoch * max(EXAMPLES // size, 1)
            histories.append(
                {**run, "epoch": epoch, "updates": updates, "train_loss": loss}
            )
    return pd.DataFrame(outcomes), pd.DataFrame(histories)


@pytest.fixture(scope="module")
def descents():
    """Outcomes and histories of SGD with eight batch sizes and two seeds."""
    return runs_of({(b, seed): descended(b, seed) for b in SIZES for seed in (0, 1)})


def tabulated(outcomes, histories, train_loss=1e-3):
    return critical_batch.tabulate(outcomes, histories, train_loss).iloc[0]


def following(law, sizes=SIZES, *, noise=0.0, seed=0, epochs=40):
    """Return runs that take `law(size)` updates to a loss of 0.1, times noise."""
    rng = np.random.default_rng(seed)
    rows = {}
    for size in sizes:
        taken = law(size) * np.exp(noise * rng.normal())
        updates = np.arange(epochs * (EXAMPLES // size)) + 0.5
        rows[size, 0] = np.exp(np.log(0.1) * updates / taken)
    return runs_of(rows)


def law(size):
    return 30.0 * (1.0 + 100.0 / size)


def test_the_known_noise_of_sgd_is_found(descents):
    row = tabulated(*descents)
    assert row["critical_batch"] == pytest.approx(DIMENSIONS + 1, rel=0.2)
    # The source's law holds for small steps, so the ends may miss it by little.
    ends = [row["low"], row["high"]]
    assert ends == pytest.approx([DIMENSIONS + 1] * 2, rel=0.2)
    # The loss shrinks by 2 rate - rate^2 with each update at a large batch.
    least = np.log(0.5 / 1e-3) / -np.log(1.0 - (2 * 0.05 - 0.05**2))
    assert row["least_updates"] == pytest.approx(least, rel=0.2)
    assert (row["sizes"], row["runs"]) == (8, 16)


def test_a_law_without_noise_is_found_again():
    row = tabulated(*following(law), 0.1)
    assert row["critical_batch"] == pytest.approx(100.0, rel=0.05)
    assert row["least_updates"] == pytest.approx(30.0, rel=0.05)
    assert row["scatter"] < 3
    assert row["note"] == "fit of S_min (1 + B_crit / B); interval by the F-test"


def test_a_size_with_a_run_that_never_reaches_the_target_does_not_count():
    outcomes, histories = following(law)
    late = histories["regime"] == "B64"
    slow = histories[late].assign(seed=1, train_loss=1.0)
    more = outcomes[outcomes["regime"] == "B64"].assign(seed=1)
    both = pd.concat([outcomes, more], ignore_index=True)
    row = tabulated(both, pd.concat([histories, slow]), 0.1)
    assert (row["sizes"], row["runs"]) == (len(SIZES) - 1, len(SIZES) - 1)


def test_the_interval_covers_at_its_rate():
    found = [tabulated(*following(law, noise=0.1, seed=i), 0.1) for i in range(200)]
    rows = pd.DataFrame(found)
    covering = (rows["low"] <= 100.0) & (rows["high"] >= 100.0)
    # Three standard deviations around 95 %.
    assert 0.90 <= covering.mean() <= 0.995
    assert rows["scatter"].median() == pytest.approx(10.0, rel=0.15)


@pytest.mark.parametrize(
    ("steps", "known", "note"),
    [
        (lambda size: 1e5 / size, "low", "all its sizes may be smaller"),
        (lambda size: 400.0, "high", "all its sizes may be larger"),
    ],
    ids=["always half", "never fewer"],
)
def test_a_sweep_on_one_side_gives_a_bound_and_no_value(steps, known, note):
    row = tabulated(*following(steps, noise=0.05, epochs=500), 0.1)
    assert np.isnan(row["critical_batch"])
    assert row["note"] == f"the sweep cannot tell: {note}"
    other = {"low": "high", "high": "low"}[known]
    assert np.isnan(row[other])
    assert (row[known] > max(SIZES)) if known == "low" else (row[known] < min(SIZES))


def test_noise_alone_bounds_nothing():
    row = tabulated(*following(law, [64, 128, 256], noise=0.5), 0.1)
    assert row[["critical_batch", "low", "high"]].isna().all()
    assert row["note"].endswith("may be larger, or all its sizes may be smaller")


def test_two_sizes_that_reach_the_loss_are_too_few(descents):
    outcomes, histories = descents
    late = ~histories["regime"].isin(["B4", "B8"])
    histories = histories.assign(train_loss=histories["train_loss"].where(~late, 1.0))
    row = tabulated(outcomes, histories)
    assert np.isnan(row["critical_batch"])
    assert row["note"] == (
        "needs 3 batch sizes whose runs all reach the loss after their first epoch. "
        "Received: 2"
    )
    assert (row["sizes"], row["runs"]) == (2, 4)


def test_diverged_runs_do_not_count(descents):
    outcomes, histories = descents
    lost = outcomes["batch_size"] > 8
    outcomes = outcomes.assign(status=outcomes["status"].where(~lost, "diverged"))
    assert tabulated(outcomes, histories)["runs"] == 4


def history(*losses, updates=10):
    ends = updates * np.arange(1, len(losses) + 1)
    return pd.DataFrame({"updates": ends, "train_loss": losses})


def test_updates_are_interpolated_between_the_middles_of_epochs():
    # The middles are at 5, 15 and 25 updates. In logarithms 0.1 is halfway.
    rows = history(10.0, 1.0, 0.01)
    assert critical_batch.updates_to(rows, 0.1) == pytest.approx(20.0)
    assert critical_batch.updates_to(rows, 1.0) == pytest.approx(15.0)
    assert np.isnan(critical_batch.updates_to(rows, 1e-3))
    assert np.isnan(critical_batch.updates_to(rows, 20.0))
    # It is the first time that counts.
    again = history(10.0, 1.0, 0.01, 10.0, 0.001)
    assert critical_batch.updates_to(again, 0.1) == pytest.approx(20.0)


def test_every_network_has_its_row(descents):
    both = (
        pd.concat([rows, rows.assign(network="C1", dataset="cifar10")])
        for rows in descents
    )
    table = critical_batch.tabulate(*both, 1e-3)
    assert table.columns.tolist() == critical_batch.COLUMNS
    assert table[["network", "dataset"]].values.tolist() == [
        ["F1", "made-up"],
        ["C1", "cifar10"],
    ]
    assert table["critical_batch"].nunique() == 1
