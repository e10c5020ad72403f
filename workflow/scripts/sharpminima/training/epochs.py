"""One epoch of training: draw the views and the batches, make an update for each batch.

Here the settings of a run become what a backend trains with: the optimizer, and the
remedies of appendix E that the run uses. Each remedy's formula is in its own module.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sharpminima import backend
from sharpminima.data.datasets import Dataset
from sharpminima.regimes import batches
from sharpminima.training import adversarial, augmentation, optimizer, stability
from sharpminima.training.conservative import conservative


@dataclass(frozen=True)
class Epoch:
    """Mean loss (nats per example), accuracy (percent) and updates of one epoch."""

    loss: float
    accuracy: float
    updates: int


def runner(model, dataset: Dataset, settings: dict) -> Callable[[int], Epoch]:
    """Return `run_epoch(epoch)`, which trains `model` in place for one epoch.

    Args:
        model: The network at its starting point.
        dataset: Both sets.
        settings: What `settings.of_regime` returned, and `seed`.

    Returns:
        A function of the epoch's number, which is 0 for the first.
    """
    examples = len(dataset.x_train)
    x, y = backend.to_device(dataset.x_train), backend.to_device(dataset.y_train)
    around = None
    if given := settings.get("conservative"):
        around = partial(conservative, **given)
    run = backend.epoch_runner(
        *(model, optimizer.make(model, settings, examples), x, y),
        objective=_objective(settings),
        around=around,
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


def _objective(settings):
    """Return what an update minimises, or None for the mean loss alone."""
    if given := settings.get("adversarial"):
        return adversarial.objective(**given)
    if given := settings.get("stability"):
        return stability.objective(weight=given["weight"])
    return None


def _views(x, settings, epoch):
    """Return the inputs of one epoch: what training sees, and its noisy counterpart."""
    drawn = {"seed": settings["seed"], "epoch": epoch}
    if given := settings.get("augmentation"):
        x = augmentation.view(x, **given, **drawn)
    if given := settings.get("stability"):
        return x, stability.noisy(x, given["noise"], **drawn)
    return (x,)
