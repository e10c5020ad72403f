"""The name of what a run changes in the paper's protocol. Knows nothing of Keras."""

from collections.abc import Mapping

from sharpminima.regimes import optimizers

PLAIN = "plain"
OPTIMIZER_OF_THE_PAPER = "adam"
# Each is there or not; what it is set to is in the config.
REMEDIES = (
    "growth",
    "augmentation",
    "conservative",
    "adversarial",
    "stability",
    "warm_start",
)


def name_of(settings: Mapping) -> str:
    """Return what the settings of a run change, such as `cosine + weight decay`.

    `plain` are ADAM with Keras 1's defaults but for the learning rate, at a constant
    rate, without weight decay, and none of `REMEDIES` (section 2 of the paper).

    Args:
        settings: What `regimes.settings` returned.
    """
    names = [
        *_of_optimizer(settings),
        *_of_schedule(settings.get("schedule", {})),
        *(["weight_decay"] if settings.get("weight_decay") else []),
        *(name for name in REMEDIES if name in settings),
    ]
    return " + ".join(names).replace("_", " ") or PLAIN


def _of_optimizer(settings):
    optimizer = settings["optimizer"]
    if optimizer != OPTIMIZER_OF_THE_PAPER:
        yield optimizer
    for name, value in optimizers.DEFAULTS[optimizers.OF_THE_PAPER][optimizer].items():
        if name != "learning_rate" and settings[name] != value:
            yield name


def _of_schedule(schedule):
    if schedule.get("name", "constant") != "constant":
        yield schedule["name"]
    if "warmup_epochs" in schedule:
        yield "warmup"
