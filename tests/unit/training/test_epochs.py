"""An epoch: its batches and their order, what it sums up, and its precision."""

import numpy as np
import pytest

from sharpminima import backend
from sharpminima.networks.parameters import flatten
from sharpminima.regimes import batches
from sharpminima.training import adversarial, optimizer
from sharpminima.training.start import starting_point
from training_runs import EVERYTHING, NETWORK, Linear, descend, linear, run, settings

pytestmark = pytest.mark.computes


def test_the_last_batch_can_be_dropped(dataset):
    _, rows, _ = run(dataset, batch_size=40, last_batch="drop")
    assert rows[0]["updates"] == 2


def test_a_batch_of_one_is_refused(dataset):
    with pytest.raises(ValueError, match="last batch of one example"):
        run(dataset, batch_size=89)


def test_an_epoch_sums_what_its_batches_saw(dataset):
    """At a learning rate of almost zero, every batch sees the starting point."""
    chosen = settings(learning_rate=1e-30)
    model = starting_point(NETWORK, dataset, 0)
    x, y = backend.to_device(dataset.x_train), backend.to_device(dataset.y_train)
    run_epoch = backend.epoch_runner(model, optimizer.make(model, chosen, 90), x, y)
    cut = np.split(np.random.default_rng(0).permutation(90), [40, 80])
    loss, correct, seen = backend.summed(run_epoch(cut))
    expected = [
        backend.loss_and_correct(labels, model(inputs, training=True))
        for inputs, labels in ((dataset.x_train[i], dataset.y_train[i]) for i in cut)
    ]
    assert loss == pytest.approx(sum(float(part) for part, _ in expected), rel=1e-6)
    assert correct == sum(int(hits) for _, hits in expected)
    assert seen == 90


def test_dropout_draws_a_new_mask_for_each_batch_and_epoch(dataset):
    """Its state is not trained, but must move on within an epoch and after it."""
    layers = backend.keras.layers
    model = backend.keras.Sequential([layers.Dropout(0.5, seed=0), layers.Dense(3)])
    model.build((None, 2))
    x, y = backend.to_device(dataset.x_train), backend.to_device(dataset.y_train)
    still = optimizer.make(model, settings(learning_rate=1e-30), 90)
    run_epoch = backend.epoch_runner(model, still, x, y)
    batch = np.arange(45)
    losses = [backend.summed(run_epoch([batch]))[0] for _ in range(3)]
    both = backend.summed(run_epoch([batch, batch]))[0]
    assert len({*losses, both / 2}) == 4


def test_the_order_of_the_data_is_the_stream_of_the_seed(dataset, monkeypatch):
    seen = []
    stream = batches.epoch_batches

    def spy(*args, **kwargs):
        seen.append((kwargs["seed"], kwargs["epoch"]))
        return stream(*args, **kwargs)

    monkeypatch.setattr(batches, "epoch_batches", spy)
    run(dataset, seed=7)
    assert seen == [(7, 0), (7, 1), (7, 2)]


@pytest.mark.parametrize(
    ("precision", "rounded"), [("float32", False), ("tensorfloat32", True)]
)
def test_tf32_is_for_training_alone_and_only_if_asked(
    dataset, monkeypatch, precision, rounded
):
    asked = []
    given = backend.tensor_float_32

    def recording(enabled):
        asked.append(enabled)
        return given(enabled)

    monkeypatch.setattr(backend, "tensor_float_32", recording)
    run(dataset, precision=precision)
    assert asked == [rounded] * 3


def penalised(dataset):
    """Return `linear` with penalties on its kernel and on its logits."""
    model = linear(dataset)
    layer = model.layers[-1]
    layer.kernel.regularizer = backend.keras.regularizers.L2(0.3)
    layer.activity_regularizer = backend.keras.regularizers.L2(0.2)
    return model


def slope_of_penalties(oracle):
    """Return the gradient of 0.3 |W|^2 and of 0.2 |logits|^2, per example."""
    logits = oracle.x @ oracle.weights + oracle.bias
    by_logits = 2 * 0.2 * logits / len(logits)
    kernel = 2 * 0.3 * oracle.weights + oracle.x.T @ by_logits
    return np.concatenate([kernel.ravel(), by_logits.sum(0)])


@pytest.mark.parametrize("remedy", [None, "adversarial"])
def test_an_update_minimises_the_penalties_once_and_reports_the_loss(dataset, remedy):
    """A remedy weights the loss. It leaves the penalties alone, on either pass."""
    model, objective = penalised(dataset), None
    if remedy:
        objective = adversarial.objective(strength=0.0, weight=0.5)
    oracle, before = Linear(model, dataset), flatten(model.trainable_variables)
    found = descend(model, dataset, EVERYTHING, rate=0.1, objective=objective)
    moved = flatten(model.trainable_variables) - before
    expected = -0.1 * (oracle.gradient(oracle.x) + slope_of_penalties(oracle))
    np.testing.assert_allclose(moved, expected, rtol=1e-4, atol=1e-6)
    assert found[0] / 90 == pytest.approx(oracle.loss(oracle.x), rel=1e-5)
