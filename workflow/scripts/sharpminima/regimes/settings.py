"""Settings: what the runs of a regime are trained with. Knows nothing of Keras."""

from collections.abc import Mapping

from sharpminima.regimes import optimizers


def of_regime(config: Mapping, regime: str) -> dict:
    """Return the settings of the runs in `regime`.

    They are the settings of `training`, each replaced by the regime's own where it has
    one. A setting that is a mapping, such as `stopping`, is replaced as a whole.

    Args:
        config: The whole config.
        regime: The regime's name.
    """
    return optimizers.resolved(config["training"], config["regimes"][regime])
