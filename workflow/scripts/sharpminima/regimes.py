"""Regimes: what a run of one is set to. Knows nothing of Keras."""

from collections.abc import Mapping

from sharpminima import optimizers


def settings(config: Mapping, regime: str) -> dict:
    """Return the settings of the runs in `regime`: `training`'s, where it has no own.

    A setting that is a mapping, such as `stopping`, is replaced as a whole.

    Args:
        config: The whole config.
        regime: The regime's name.
    """
    return optimizers.resolved(config["training"], config["regimes"][regime])
