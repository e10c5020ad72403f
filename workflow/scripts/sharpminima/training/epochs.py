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

    @classmethod
    def of(cls, updates: list[tuple]) -> "Epoch":
        """Return the epoch of these `updates`, by what each of them saw."""
        loss, correct, seen = backend.summed([updates])
        return cls(loss / seen, 100.0 * correct / seen, len(updates))


def runner(model, dataset: Dataset, settings: dict, made=None) -> tuple[Callable, list]:
    """Return `run_epoch`, which trains `model` in place, and all that it changes.

    Args:
        model: The network at its starting point.
        dataset: Both sets.
        settings: What `settings.of_regime` returned, and `seed`.
        made: What `optimizer.make` returned; by default, it is made here.

    Returns:
        `run_epoch(epoch, updates, due)`, and the variables of model and optimizer.
        `epoch` is 0 for the first. `updates` are as many of the epoch's updates as have
        been made, by what they saw. The function makes those that are missing; it
        yields and pauses as `backend.epoch_runner` says, after the new ones are added.
    """
    examples = len(dataset.x_train)
    x, y = backend.to_device(dataset.x_train), backend.to_device(dataset.y_train)
    # Appendix E.3: what an update minimises. By default this is the mean loss.
    objective = None
    if given := settings.get("adversarial"):
        objective = adversarial.objective(**given)
    elif given := settings.get("stability"):
        objective = stability.objective(weight=given["weight"])
    # Appendix E.2: what an update is wrapped in.
    around = None
    if given := settings.get("conservative"):
        around = partial(conservative, **given)
    made = made or optimizer.make(model, settings, examples)
    run = backend.epoch_runner(model, made, x, y, objective=objective, around=around)

    def run_epoch(epoch, updates, due):
        # Step 1: the inputs that this epoch sees (appendix E.1), and a noisy copy of
        # them for stability training.
        drawn = {"seed": settings["seed"], "epoch": epoch}
        inputs = x
        if given := settings.get("augmentation"):
            inputs = augmentation.view(x, **given, **drawn)
        views = (inputs,)
        if given := settings.get("stability"):
            views = inputs, stability.noisy(inputs, given["noise"], **drawn)
        # Step 2: cut the set into batches. Only the seed and the epoch set their order.
        cut = list(
            batches.epoch_batches(
                examples,
                batches.batch_size(settings, examples, epoch),
                last_batch=settings["last_batch"],
                seed=settings["seed"],
                epoch=epoch,
            )
        )
        # Step 3: one update for each batch. Only training may use TF32.
        with backend.tensor_float_32(settings["precision"] == "tensorfloat32"):
            for found in run(cut[len(updates) :], views, due):
                updates += found
                yield

    variables = [*model.trainable_variables, *model.non_trainable_variables]
    return run_epoch, [*variables, *made.variables]
