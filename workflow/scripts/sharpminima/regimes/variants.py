"""Name how a run departs from the paper's protocol. Knows nothing of Keras."""

from collections.abc import Mapping

from sharpminima.regimes import optimizers
from sharpminima.storage.rows import AND, AVERAGING, PLAIN

OPTIMIZER_OF_THE_PAPER = "adam"
# Settings that the paper's protocol lacks. A run is named after each one it has.
ADDITIONS = (
    "growth",
    "augmentation",
    "conservative",
    "adversarial",
    "stability",
    AVERAGING,
    "warm_start",
)


def name_of(settings: Mapping) -> str:
    """Return the changes to the paper's protocol, such as `cosine + weight decay`.

    `plain` is the protocol of section 2: ADAM with the defaults of Keras 1 at any
    constant learning rate, no weight decay, and none of `ADDITIONS`.

    Args:
        settings: What `settings.of_regime` returned.
    """
    names, optimizer = [], settings["optimizer"]
    if optimizer != OPTIMIZER_OF_THE_PAPER:
        names.append(optimizer)
    # The learning rate is a column of its own in results.
    defaults = optimizers.DEFAULTS[optimizers.OF_THE_PAPER][optimizer]
    names += [
        name
        for name, value in defaults.items()
        if name != "learning_rate" and settings[name] != value
    ]
    schedule = settings.get("schedule", {})
    if schedule.get("name", "constant") != "constant":
        names.append(schedule["name"])
    if "warmup_epochs" in schedule:
        names.append("warmup")
    if settings.get("weight_decay"):
        names.append("weight_decay")
    names += [name for name in ADDITIONS if name in settings]
    return AND.join(names).replace("_", " ") or PLAIN
