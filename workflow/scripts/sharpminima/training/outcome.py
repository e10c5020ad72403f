"""The outcome of a finished run: its row in the table of runs, and its work."""

import numpy as np

from sharpminima.data.datasets import Dataset
from sharpminima.jobs.cost import Work
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.parameters import point_of
from sharpminima.regimes import batches, remedies, variants
from sharpminima.storage.rows import DIVERGED


def outcome_of(
    model,
    dataset: Dataset,
    settings: dict,
    measured: MeasuredLoss,
    history: list[dict],
) -> dict:
    """Return the row of a finished run: its settings, how it ended, what it reached.

    Args:
        model: The network at its final weights, which `averaging` makes a mean.
        dataset: Both sets.
        settings: The settings that `fit` took.
        measured: The measured loss of `model`.
        history: The rows that `fit` yielded.

    Returns:
        Settings, sizes, `epochs`, `updates`, `seconds`, loss (nats per example) and
        accuracy (percent) of both sets at the final weights, and `status`. The status
        is `diverged` if a loss or an accuracy is not finite.
    """
    point = point_of(model)
    reached = measured.measures(point)
    # The mean over the last epoch may be finite where the final iterate's loss is not.
    last, finite = history[-1], np.isfinite(list(reached.values())).all()
    examples = len(dataset.x_train)
    return {
        "variant": variants.name_of(settings),
        "batch_size": batches.batch_size(settings, examples),
        # Batches may grow (section 4). Epochs count from 1 in rows, and from 0 here.
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


def work_of(dataset: Dataset, settings: dict, history: list[dict]) -> Work:
    """Return the work of a run's updates; evaluations are counted where they are made.

    Args:
        dataset: Both sets.
        settings: The settings that `fit` took.
        history: The rows that `fit` yielded.
    """
    examples = len(dataset.x_train)
    seen = batches.examples_seen(settings, examples, len(history))
    return remedies.work(settings, batches=history[-1]["updates"], examples=seen)
