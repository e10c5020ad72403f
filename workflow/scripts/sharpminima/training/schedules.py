"""Schedules of the learning rate, stated in epochs and counted in updates."""

from collections.abc import Mapping

from sharpminima.backend import keras
from sharpminima.regimes import batches, remedies

CONSTANT = {"name": "constant"}


def learning_rate(settings: Mapping, examples: int):
    """Return a run's learning rate: a number, or one of Keras' schedules.

    `warmup_epochs` raise it in equal steps, an update each, to `learning_rate` (Goyal
    et al. 2017, arXiv:1706.02677, section 2.2). Then it is `constant`; or after each of
    `epochs` it is multiplied by `factor` (`step`); or it falls along half a cosine,
    which ends with `epochs`, to the share `final` of `learning_rate`, and stays there
    (Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts). Epochs are those
    of training, warm-up included.

    Args:
        settings: What `regimes.settings` returned.
        examples: Size of the training set.
    """
    schedule = settings.get("schedule", CONSTANT)

    def updates(epochs):
        """Return how many the optimizer makes, which may be several of a batch."""
        found = batches.updates(settings, examples, epochs)
        return found * remedies.updates_of_batch(settings)

    rate, warmup = float(settings["learning_rate"]), schedule.get("warmup_epochs", 0)
    start = updates(warmup)
    match schedule["name"]:
        case "constant":
            then = rate
        case "step":
            ends = [updates(epochs) - start for epochs in schedule["epochs"]]
            then = _steps(rate, ends, schedule["factor"])
        case "cosine":
            epochs = schedule.get("epochs", settings["stopping"]["max_epochs"])
            then = keras.optimizers.schedules.CosineDecay(
                rate, updates(epochs) - start, alpha=schedule.get("final", 0.0)
            )
    return Warmup(start, then) if start else then


class Warmup(keras.optimizers.schedules.LearningRateSchedule):
    """Raise the learning rate in equal steps, then leave it to another schedule.

    Args:
        updates: How many; the last of them has the full rate.
        then: What follows, a number or a schedule, whose updates count from there.
    """

    def __init__(self, updates: int, then):
        self._updates, self._then = updates, then

    def __call__(self, step):
        """Return the learning rate of the update after `step` others."""
        ops, then = keras.ops, self._then
        if callable(then):
            then = then(ops.maximum(step - self._updates, 0))
        share = (ops.cast(step, keras.config.floatx()) + 1) / self._updates
        return then * ops.minimum(share, 1)


def _steps(rate, ends, factor):
    """Return a schedule that multiplies `rate` by `factor` after each of `ends`."""
    rates = [rate * factor**i for i in range(len(ends) + 1)]
    # Keras' boundaries belong to what is before, and updates are counted from zero.
    boundaries = [end - 1 for end in ends]
    return keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, rates)
