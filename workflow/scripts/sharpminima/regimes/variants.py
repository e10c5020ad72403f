"""Name how a run departs from the paper's protocol. Knows nothing of Keras."""

from collections.abc import Mapping

from sharpminima.regimes import optimizers

PLAIN = "plain"
OPTIMIZER_OF_THE_PAPER = "adam"
# Settings that the paper's protocol lacks. A run is named after each one it has.
ADDITIONS = (
    "growth",
    "augmentation",
    "conservative",
    "adversarial",
    "stability",
    "warm_start",
)


def name_of(settings: Mapping) -> str:
    """Return the changes to the paper's protocol, such as `cosine + weight decay`.

    `plain` is the protocol of section 2: ADAM with the defaults of Keras 1 at any
    constant learning rate, no weight decay, and none of `ADDITIONS`.

    Args:
        settings: What `settings.settings` returned.
    """
    names = [
        *_of_optimizer(settings),
        *_of_schedule(settings.get("schedule", {})),
        *(["weight_decay"] if settings.get("weight_decay") else []),
        *(name for name in ADDITIONS if name in settings),
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
