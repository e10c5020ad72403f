"""Schedules of the learning rate: the config counts epochs, the optimizer updates."""

from collections.abc import Mapping

from sharpminima.backend import keras
from sharpminima.regimes import batches, remedies

CONSTANT = {"name": "constant"}


def learning_rate(settings: Mapping, examples: int):
    """Return a run's learning rate: a number, or one of Keras' schedules.

    The rate first rises during `warmup_epochs`, in equal steps, one for each update, up
    to `learning_rate` (Goyal et al. 2017, arXiv:1706.02677, section 2.2). Then

    - `constant` keeps it;
    - `step` multiplies it by `factor` after each of `epochs`;
    - `cosine` lowers it along half a cosine (Loshchilov and Hutter 2017,
      arXiv:1608.03983, without restarts). At the end of `epochs` it is the share
      `final` of `learning_rate`, and it stays there.

    All epochs count from the start of training, warm-up included.

    Args:
        settings: What `settings.of_regime` returned.
        examples: Size of the training set.
    """
    schedule = settings.get("schedule", CONSTANT)

    def updates(epochs):
        # The optimizer may make several updates for each batch.
        found = batches.updates(settings, examples, epochs)
        return found * remedies.updates_of_batch(settings)

    rate, warmup = float(settings["learning_rate"]), schedule.get("warmup_epochs", 0)
    start = updates(warmup)
    # The schedule takes over after warm-up and counts its updates from there.
    match schedule["name"]:
        case "constant":
            then = rate
        case "step":
            ends = [updates(epochs) - start for epochs in schedule["epochs"]]
            rates = [rate * schedule["factor"] ** i for i in range(len(ends) + 1)]
            # Keras counts updates from zero and keeps the old rate at a boundary.
            boundaries = [end - 1 for end in ends]
            then = keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, rates)
        case "cosine":
            epochs = schedule.get("epochs", settings["stopping"]["max_epochs"])
            then = keras.optimizers.schedules.CosineDecay(
                rate, updates(epochs) - start, alpha=schedule.get("final", 0.0)
            )
    return Warmup(start, then) if start else then


class Warmup(keras.optimizers.schedules.LearningRateSchedule):
    """Raise the learning rate in equal steps, then follow another schedule.

    Args:
        updates: Number of updates that warm up; the last of them has the full rate.
        then: A number, or a schedule that counts its updates from the end of warm-up.
    """

    def __init__(self, updates: int, then):
        self._updates, self._then = updates, then

    def __call__(self, step):
        """Return the learning rate of the update that follows `step` others."""
        ops, then = keras.ops, self._then
        if callable(then):
            then = then(ops.maximum(step - self._updates, 0))
        share = (ops.cast(step, keras.config.floatx()) + 1) / self._updates
        return then * ops.minimum(share, 1)
