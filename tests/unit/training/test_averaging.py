"""Weight averaging: the mean of the last weights, the moments there, and divergence."""

import numpy as np
import pytest

import training_runs as small
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks import iterates
from sharpminima.networks.parameters import point_of
from sharpminima.regimes import batches
from sharpminima.training.fit import fit
from sharpminima.training.outcome import outcome_of, work_of
from sharpminima.training.start import starting_point

pytestmark = pytest.mark.computes
LAST = {"averaging": {"last_epochs": 2}}


def run(dataset, path=None, policy="batch", **changes):
    """Train for three epochs and keep each; return model, loss, settings and rows."""
    chosen = small.settings(**changes)
    model = starting_point(small.NETWORK, dataset, 0, chosen["precision"])
    measured = MeasuredLoss(model, dataset, batch_norm=policy, batch_size=40)
    history = fit(model, dataset, chosen, measured)
    if path:
        history = iterates.keeping(path, model, [1, 2, 3], history)
    return model, measured, chosen, list(history)


@pytest.fixture
def plain(dataset, tmp_path):
    """A run without averaging, and the point after each of its epochs."""
    model, *_, rows = run(dataset, tmp_path / "plain.h5")
    copy = starting_point(small.NETWORK, dataset, 0)
    points = [
        iterates.restore(tmp_path / "plain.h5", epoch, copy) for epoch in (1, 2, 3)
    ]
    return model, rows, points


def without_seconds(rows):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]


def test_a_run_ends_at_the_mean_of_its_last_weights(dataset, plain):
    model, *_, rows = run(dataset, **LAST)
    _, rows_as_trained, points = plain
    expected = (points[1].parameters + points[2].parameters) / 2.0
    np.testing.assert_array_equal(small.point(model), np.float32(expected))
    assert np.abs(expected - points[2].parameters).max() > 1e-3
    assert without_seconds(rows) == without_seconds(rows_as_trained)


def test_a_mean_of_more_epochs_than_there_are_is_of_all_of_them(dataset, plain):
    model, *_ = run(dataset, averaging={"last_epochs": 9})
    expected = np.mean([point.parameters for point in plain[2]], axis=0)
    np.testing.assert_array_equal(small.point(model), np.float32(expected))


def test_the_mean_of_one_epoch_is_the_run_itself_but_for_the_moments(dataset, plain):
    model, *_ = run(dataset, averaging={"last_epochs": 1})
    np.testing.assert_array_equal(small.point(model), small.point(plain[0]))
    states = zip(small.state(model), small.state(plain[0]))
    assert any((moment != moving).any() for moment, moving in states)


@pytest.mark.parametrize("policy", ["batch", "moving", "recalibrated"])
def test_moving_averages_become_the_moments_of_the_training_set(dataset, policy):
    """In NumPy: of the hidden layer, averaged over the evaluation batches by share."""
    model, *_ = run(dataset, policy=policy, **LAST)
    kernel, bias = (v.numpy() for v in model.trainable_variables[:2])
    cuts = batches.evaluation_batches("train", 90, 40)
    hidden = [dataset.x_train[cut] @ kernel + bias for cut in cuts]
    shares = [len(cut) / 90 for cut in cuts]
    for value, moment in zip(small.state(model), (np.mean, np.var)):
        terms = [moment(part, axis=0) for part in hidden]
        expected = np.average(terms, axis=0, weights=shares)
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-5)


def test_the_outcome_is_that_of_the_averaged_network(dataset, plain):
    model, measured, chosen, rows = run(dataset, policy="moving", **LAST)
    outcome = outcome_of(model, dataset, chosen, measured, rows)
    assert (outcome["variant"], outcome["status"]) == ("averaging", "max_epochs")
    reached = measured.measures(point_of(model))
    assert {name: outcome[name] for name in reached} == reached
    assert outcome["test_loss"] != rows[-1]["test_loss"]
    assert work_of(dataset, chosen, rows).gradient_evaluations == 3 * 9


def test_iterates_are_kept_as_trained(dataset, plain, tmp_path):
    run(dataset, tmp_path / "kept.h5", **LAST)
    copy = starting_point(small.NETWORK, dataset, 0)
    for epoch, point in enumerate(plain[2], 1):
        kept = iterates.restore(tmp_path / "kept.h5", epoch, copy)
        np.testing.assert_array_equal(kept.parameters, point.parameters)
        for value, same in zip(kept.averages, point.averages, strict=True):
            np.testing.assert_array_equal(value, same)


def test_a_run_that_diverged_stays_diverged(dataset):
    both = [run(dataset, learning_rate=1e30, **how) for how in ({}, LAST)]
    for model, measured, chosen, rows in both:
        outcome = outcome_of(model, dataset, chosen, measured, rows)
        assert rows[-1]["status"] == outcome["status"] == "diverged"
    np.testing.assert_array_equal(*(small.point(model) for model, *_ in both))


def test_a_network_without_averages_is_averaged_too(dataset, model):
    measured = MeasuredLoss(model, dataset, **small.EVALUATION)
    chosen = small.settings(**LAST)
    seen = [small.point(model) for _ in fit(model, dataset, chosen, measured)]
    expected = np.float32((seen[1] + seen[2]) / 2.0)
    np.testing.assert_array_equal(small.point(model), expected)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_weights_stay_in_full_precision(dataset, precision):
    model, *_ = run(dataset, precision=precision, **LAST)
    assert {v.dtype for v in model.trainable_variables} == {"float32"}
    assert np.isfinite(small.point(model)).all()
