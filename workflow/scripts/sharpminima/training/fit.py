"""One training run: from the starting point x0 until the loss ceases to improve.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 2: ADAM on mini-batches, the same
settings for every regime but for the batch size; the final iterate is what is reported.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np

from sharpminima import backend, streams
from sharpminima.backend import keras
from sharpminima.cost import Work
from sharpminima.data.datasets import Dataset
from sharpminima.loss.batch_norm import MIXED
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.builders import for_dataset
from sharpminima.networks.initialisation import initialise
from sharpminima.networks.parameters import point_of
from sharpminima.regimes import batches, optimizers, remedies, variants
from sharpminima.regimes.stopping import StoppingRule
from sharpminima.rows import DIVERGED
from sharpminima.training import augmentation, objectives, schedules
from sharpminima.training.conservative import conservative


@dataclass(frozen=True)
class Epoch:
    """Mean loss (nats per example), accuracy (percent) and updates of one pass."""

    loss: float
    accuracy: float
    updates: int


def starting_point(
    network: dict, dataset: Dataset, seed: int, precision: str = "float32"
):
    """Return the untrained model at x0, the starting point of `seed`.

    Args:
        network: A `networks` entry of the config.
        dataset: Gives the input shape and the number of classes.
        seed: The run's seed.
        precision: `mixed_bfloat16` computes in bfloat16 on weights in float32.
    """
    keras.utils.set_random_seed(streams.seed("layers", seed) % 2**32)
    with _policy(precision):
        model = for_dataset(network, dataset)
    initialise(model, seed)
    return model


@contextmanager
def _policy(precision):
    before = keras.config.dtype_policy()
    if precision == MIXED:
        keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def fit(
    model, dataset: Dataset, settings: dict, evaluation: MeasuredLoss
) -> Iterator[dict]:
    """Train `model` in place; yield one row of history an epoch, the last one final.

    Args:
        model: The network at its starting point.
        dataset: Both sets.
        settings: What `regimes.settings` returned, and `seed`.
        evaluation: The measured loss of `model`.

    Yields:
        `epoch`, `updates` so far (an update a batch, of however many iterations),
        `train_loss` and `train_accuracy` (means over the epoch as it went, of what is
        trained on: augmented inputs, but no adversarial nor noisy ones; what the
        stopping rule reads), `test_loss` and `test_accuracy` (after it), `seconds`, and
        `status`: `training`, or why training ended.
    """
    rule = StoppingRule(**settings["stopping"])
    run_epoch = _epoch_runner(model, dataset, settings)
    losses, updates, status = [], 0, None
    while status is None:
        started = time.perf_counter()
        epoch = run_epoch(len(losses))
        reached = evaluation.loss_and_accuracy(point_of(model), "test")
        test_loss, test_accuracy = reached
        losses.append(epoch.loss)
        updates += epoch.updates
        finite = np.isfinite(test_loss)
        status = rule.reason(losses) if finite else DIVERGED
        row = {
            "epoch": len(losses),
            "updates": updates,
            "train_loss": epoch.loss,
            "train_accuracy": epoch.accuracy,
            "test_loss": test_loss,
            "test_accuracy": test_accuracy,
            "seconds": time.perf_counter() - started,
            "status": status or "training",
        }
        _report(row, rule.max_epochs, len(dataset.x_train))
        yield row


def outcome(
    model,
    dataset: Dataset,
    settings: dict,
    evaluation: MeasuredLoss,
    history: list[dict],
) -> dict:
    """Return what a finished run is: how it was set, how it ended, what it reached.

    Args:
        model: The network at its final iterate.
        dataset: Both sets.
        settings: What `fit` was given.
        evaluation: The measured loss of `model`.
        history: The rows that `fit` yielded.

    Returns:
        Settings, sizes, `epochs`, `updates`, `seconds`, loss (nats per example) and
        accuracy (percent) of both sets at the final iterate, and `status`, which is
        `diverged` if any of these is not finite.
    """
    point = point_of(model)
    reached = evaluation.measures(point)
    last, finite = history[-1], np.isfinite(list(reached.values())).all()
    examples = len(dataset.x_train)
    return {
        "variant": variants.name_of(settings),
        "batch_size": batches.batch_size(settings, examples),
        "final_batch_size": batches.batch_size(settings, examples, last["epoch"] - 1),
        "optimizer": settings["optimizer"],
        "learning_rate": settings["learning_rate"],
        "precision": settings["precision"],
        "status": last["status"] if finite else DIVERGED,
        "epochs": last["epoch"],
        "updates": last["updates"],
        "seconds": sum(row["seconds"] for row in history),
        **reached,
        "parameters": len(point.parameters),
        "classes": dataset.classes,
        "input_shape": "x".join(map(str, dataset.x_train.shape[1:])),
        "train_examples": examples,
        "test_examples": len(dataset.x_test),
    }


def work(dataset: Dataset, settings: dict, history: list[dict]) -> Work:
    """Return what the updates of a run took; evaluations count for themselves.

    Args:
        dataset: Both sets.
        settings: What `fit` was given.
        history: The rows that `fit` yielded.
    """
    examples = len(dataset.x_train)
    seen = batches.examples_seen(settings, examples, len(history))
    return remedies.work(settings, batches=history[-1]["updates"], examples=seen)


def _epoch_runner(model, dataset, settings):
    examples = len(dataset.x_train)
    x, y = backend.to_device(dataset.x_train), backend.to_device(dataset.y_train)
    run = backend.epoch_runner(
        *(model, _optimizer(model, settings, examples), x, y),
        objective=objectives.of(settings),
        around=_around(settings),
    )

    def run_epoch(epoch):
        views = _views(x, settings, epoch)
        cut = list(
            batches.epoch_batches(
                examples,
                batches.batch_size(settings, examples, epoch),
                last_batch=settings["last_batch"],
                seed=settings["seed"],
                epoch=epoch,
            )
        )
        with backend.tensor_float_32(settings["precision"] == "tensorfloat32"):
            loss, correct, seen = run(cut, views)
        return Epoch(loss / seen, 100.0 * correct / seen, len(cut))

    return run_epoch


def _around(settings):
    if given := settings.get("conservative"):
        return partial(conservative, **given)
    return None


def _views(x, settings, epoch):
    """Return the inputs of an epoch: what training sees, and its noisy counterpart."""
    drawn = {"seed": settings["seed"], "epoch": epoch}
    if given := settings.get("augmentation"):
        x = augmentation.view(x, **given, **drawn)
    if given := settings.get("stability"):
        return x, objectives.noisy(x, given["noise"], **drawn)
    return (x,)


def _optimizer(model, settings, examples):
    rate = schedules.learning_rate(settings, examples)
    return optimizers.make(model, settings, rate)


def _report(row, max_epochs, examples):
    left = row["seconds"] * (max_epochs - row["epoch"])
    logging.info(
        "epoch %d/%d  train loss %.3g accuracy %.2f %%  test loss %.3g accuracy %.2f %%"
        "  %.2f s, %.0f examples/s, at most %.0f s left  %s",
        row["epoch"],
        max_epochs,
        row["train_loss"],
        row["train_accuracy"],
        row["test_loss"],
        row["test_accuracy"],
        row["seconds"],
        examples / row["seconds"],
        left,
        row["status"],
    )
