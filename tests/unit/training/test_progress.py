"""A run that was stopped and goes on ends like one that was not, to the bit."""

import numpy as np
import pytest

import training_runs as small
from project import default_config
from sharpminima import backend
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks import iterates
from sharpminima.training.fit import fit
from sharpminima.training.progress import Progress
from stopped import StoppedError, Stopping, sittings

pytestmark = pytest.mark.computes
THE_PAPERS = default_config()["regimes"]
CASES = {
    "adam": {},
    "sgd": {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 1e-3},
    "adagrad": {"optimizer": "adagrad"},
    "a smaller last batch": {"batch_size": 40},
    "a growing batch": {
        "growth": {"factor": 2, "every_epochs": 1, "largest_fraction": 0.5}
    },
    "a schedule": {"schedule": {"name": "cosine", "warmup_epochs": 1}},
    "averaging": {"averaging": {"last_epochs": 2}},
    "augmentation": {"augmentation": THE_PAPERS["SB-augmented"]["augmentation"]},
    "conservative": {"conservative": THE_PAPERS["LB-conservative"]["conservative"]},
    "adversarial": {"adversarial": THE_PAPERS["LB-adversarial"]["adversarial"]},
    "stability": {"stability": THE_PAPERS["LB-stability"]["stability"]},
    "bfloat16": {"precision": "mixed_bfloat16"},
    "an early end": {"learning_rate": 1e30},
}
KEPT = [0, 1, 3]


@pytest.fixture(scope="module")
def images():
    return small.images()


def trained(dataset, folder, states=None, network=small.with_dropout, **changes):
    """Train a network from what is in `folder`; return all that a job writes."""
    chosen = small.settings(**changes)
    model = network(dataset)
    measured = MeasuredLoss(model, dataset, **small.EVALUATION)
    # The states stop the run. Iterates are saved in the same folder.
    progress, kept = Progress(Stopping(folder, states)), Stopping(folder)
    if not iterates.are_kept(kept, KEPT, len(progress.history)):
        progress.forget()
    path = folder.with_suffix(".h5")
    history = fit(model, dataset, chosen, measured, progress)
    list(iterates.keeping(path, model, KEPT, history, kept))
    rows = [{**row, "seconds": 0} for row in progress.history]
    return model, rows, path.read_bytes(), measured.work


def assert_same(first, second):
    for a, b in zip(first[0].variables, second[0].variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    # As text, in which NaN equals itself.
    assert repr(first[1:]) == repr(second[1:])


@pytest.mark.parametrize("case", CASES)
def test_a_stopped_run_ends_like_one_that_was_not(images, tmp_path, case):
    whole = trained(images, tmp_path / "whole", **CASES[case])

    def sitting(states):
        return trained(images, tmp_path / "stopped", states, **CASES[case])

    resumed, stopped = sittings(sitting, states=11)
    assert_same(whole, resumed)
    assert stopped == (whole[1][-1]["updates"] - 1) // 11


@pytest.mark.parametrize("states", [2, 9])
def test_it_goes_on_from_any_update(images, tmp_path, states):
    """There are nine updates an epoch, so the ninth state is at the end of one."""
    whole = trained(images, tmp_path / "whole")
    resumed, _ = sittings(lambda n: trained(images, tmp_path / "s", n), states)
    assert_same(whole, resumed)


@pytest.mark.parametrize("way", backend.WAYS)
def test_it_goes_on_however_steps_are_compiled(images, tmp_path, monkeypatch, way):
    """On JAX a scan of four batches has no pause in it."""
    monkeypatch.setattr(backend, "_way", way)
    monkeypatch.setattr(backend._chosen, "SCANNED", 40, raising=False)
    whole = trained(images, tmp_path / "whole")
    resumed, stopped = sittings(lambda n: trained(images, tmp_path / "s", n), 4)
    assert_same(whole, resumed)
    assert stopped >= 2


def test_a_convolutional_network_goes_on(images, tmp_path):
    def sitting(states, name="stopped"):
        return trained(images, tmp_path / name, states, small.convolutional)

    whole = sitting(None, "whole")
    resumed, stopped = sittings(sitting, states=7)
    assert stopped > 1
    assert_same(whole, resumed)


def test_a_run_starts_over_without_an_iterate_that_it_has_kept(images, tmp_path):
    whole = trained(images, tmp_path / "whole")
    with pytest.raises(StoppedError):
        trained(images, tmp_path / "stopped", states=12)
    (tmp_path / "stopped/iterate1.npz").unlink()
    resumed = trained(images, tmp_path / "stopped")
    assert_same(whole, resumed)


def test_only_what_is_missing_is_trained(images, tmp_path, caplog):
    caplog.set_level("INFO")
    with pytest.raises(StoppedError):
        trained(images, tmp_path / "stopped", states=12)
    caplog.clear()
    _, rows, *_ = trained(images, tmp_path / "stopped")
    assert "Goes on after 1 epochs and 3 updates" in caplog.text
    assert "epoch 1/3" not in caplog.text
    assert [row["epoch"] for row in rows] == [1, 2, 3]
