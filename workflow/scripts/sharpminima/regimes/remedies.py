"""The remedies of appendix E as settings: their modules, and the work that they take.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix E, as recalled: augmentation
(E.1), conservative training (E.2), adversarial and stability training (E.3). Their
formulas are in the modules that `MODULES` names. Nothing here needs Keras, so that a
config can be checked and planned without it.
"""

from collections.abc import Mapping, Sequence

from sharpminima.jobs.cost import Work

# The module with the formula of each remedy, by its key in the config. No other module
# has a part of that formula, so the runs without a remedy do not depend on it.
# Averaging is no remedy of the paper, but its formula is kept apart in the same way.
MODULES = {
    "augmentation": "sharpminima.training.augmentation",
    "conservative": "sharpminima.training.conservative",
    "adversarial": "sharpminima.training.adversarial",
    "stability": "sharpminima.training.stability",
    "averaging": "sharpminima.training.averaging",
}
# These change what an update minimises. A run has at most one of them.
OBJECTIVES = ("adversarial", "stability")


def modules_not_used(settings: Mapping) -> set[str]:
    """Return the dotted names of the modules of remedies that a run does not use.

    Args:
        settings: The `training` section of the config with the regime's values.
    """
    return {module for remedy, module in MODULES.items() if remedy not in settings}


def updates_of_batch(settings: Mapping) -> int:
    """Return how many updates the optimizer makes on one batch.

    Args:
        settings: The `training` section of the config with the regime's values.
    """
    return settings.get("conservative", {}).get("iterations", 1)


def passes_of_update(settings: Mapping) -> int:
    """Return how often an update takes the gradient at each example of its batch.

    This is 2 if the inputs also pass with a perturbation. The gradient by which
    adversarial training finds its perturbation is not counted: it shares the forward
    pass and most of the backward pass with the clean inputs' gradient.

    Args:
        settings: The `training` section of the config with the regime's values.
    """
    return 1 + sum(name in settings for name in OBJECTIVES)


def work(settings: Mapping, *, batches: int, examples: int) -> Work:
    """Return the work of a run's updates.

    Args:
        settings: The `training` section of the config with the regime's values.
        batches: Number of batches in all epochs together.
        examples: Number of examples in these batches.
    """
    updates = updates_of_batch(settings)
    return Work(
        gradient_evaluations=batches * updates,
        gradient_examples=examples * updates * passes_of_update(settings),
    )


def views_of_epoch(settings: Mapping) -> int:
    """Return how many new arrays as large as the training inputs each epoch makes.

    Args:
        settings: The `training` section of the config with the regime's values.
    """
    return sum(name in settings for name in ("augmentation", "stability"))


def are_images(shape: Sequence[int]) -> bool:
    """Return whether inputs of this shape are images: (height, width[, channels])."""
    return len(shape) in (2, 3)
