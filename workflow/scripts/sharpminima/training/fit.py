"""One training run: from the starting point x0 until the loss ceases to improve.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 2: ADAM on mini-batches, with the
same settings for every regime except the batch size. The paper reports the final
iterate.
"""

import logging
import time
from collections.abc import Iterator

import numpy as np

from sharpminima.data.datasets import Dataset
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.parameters import point_of
from sharpminima.regimes.stopping import StoppingRule
from sharpminima.storage.rows import DIVERGED
from sharpminima.training import averaging, epochs
from sharpminima.training.progress import Progress


def fit(
    model,
    dataset: Dataset,
    settings: dict,
    measured: MeasuredLoss,
    progress: Progress | None = None,
    optimizer=None,
) -> Iterator[dict]:
    """Train `model` in place; yield one row of history for each epoch that it runs.

    When the last row is taken, `model` is at the final iterate. With `averaging` in the
    settings it then moves to the mean of its last ones.

    Args:
        model: The network at its starting point.
        dataset: Both sets.
        settings: What `settings.of_regime` returned, and `seed`.
        measured: The measured loss of `model`.
        progress: What the run has done before, where it goes on; by default, nothing.
        optimizer: What `optimizer.make` returned; by default, it is made here.

    Yields:
        A row with

        - `epoch`, which is 1 for the first;
        - `updates` so far: one for each batch, however many iterations it takes;
        - `train_loss` and `train_accuracy`: means over the epoch as it went. They are
          computed on augmented inputs, but not on adversarial or noisy ones. The
          stopping rule reads this loss;
        - `test_loss` and `test_accuracy` after the epoch;
        - `seconds`;
        - `status`: `training`, and in the last row why training ended.
    """
    progress = progress or Progress()
    history = _epoch_by_epoch(model, dataset, settings, measured, progress, optimizer)
    if given := settings.get("averaging"):
        history = averaging.averaged(history, model, measured, progress, **given)
    yield from history


def _epoch_by_epoch(model, dataset, settings, measured, progress, optimizer):
    """Train until the stopping rule ends it; yield what `fit` yields."""
    rule = StoppingRule(**settings["stopping"])
    run_epoch, variables = epochs.runner(model, dataset, settings, optimizer)
    progress.resume(variables, measured)
    losses = [row["train_loss"] for row in progress.history]
    updates = progress.history[-1]["updates"] if progress.history else 0
    status = None
    while status is None:
        started = time.perf_counter() - progress.seconds
        # Epochs count from 0 here, and from 1 in the rows.
        for _ in run_epoch(len(losses), progress.updates, progress.due):
            progress.seconds = time.perf_counter() - started
            progress.save_if_due(variables, measured)
        epoch = epochs.Epoch.of(progress.updates)
        reached = measured.loss_and_accuracy(point_of(model), "test")
        test_loss, test_accuracy = reached
        losses.append(epoch.loss)
        updates += epoch.updates
        # The training loss decides when to stop (section 2). The test loss can only
        # reveal that the run has diverged.
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
        # What only the log needs is computed in the call, which no fingerprint covers.
        logging.info(
            "epoch %d/%d  train loss %.3g accuracy %.2f %%  test loss %.3g "
            "accuracy %.2f %%  %.2f s, %.0f examples/s, at most %.0f s left  %s",
            row["epoch"],
            rule.max_epochs,
            row["train_loss"],
            row["train_accuracy"],
            row["test_loss"],
            row["test_accuracy"],
            row["seconds"],
            len(dataset.x_train) / row["seconds"],
            row["seconds"] * (rule.max_epochs - row["epoch"]),
            row["status"],
        )
        progress.end_epoch(row)
        yield row
