"""The remedies of appendix E as settings: which exclude another, and what they cost.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix E, as recalled (its text was not
at hand): augmentation (E.1), conservative training (E.2), adversarial and stability
training (E.3). They are in `augmentation`, `conservative` and `objectives`. Knows
nothing of Keras, so that a config is checked with it before any job runs.
"""

from collections.abc import Mapping, Sequence

from sharpminima.cost import Work

# Each is what an update minimises, in place of the mean loss.
OBJECTIVES = ("adversarial", "stability")


def updates_of_batch(settings: Mapping) -> int:
    """Return how many updates the optimizer makes on one batch.

    Args:
        settings: The `training` section of the config with the regime's values.
    """
    return settings.get("conservative", {}).get("iterations", 1)


def passes_of_update(settings: Mapping) -> int:
    """Return how often an update takes the gradient at each example of its batch.

    Twice, where the inputs also pass with a perturbation. That adversarial training
    finds its perturbation by another gradient is not counted: it shares the forward
    pass and most of the backward pass with the clean inputs'.
    """
    return 1 + sum(name in settings for name in OBJECTIVES)


def work(settings: Mapping, *, batches: int, examples: int) -> Work:
    """Return the work of updates.

    Args:
        settings: The `training` section of the config with the regime's values.
        batches: How many batches training saw.
        examples: How many examples they held.
    """
    updates = updates_of_batch(settings)
    return Work(
        gradient_evaluations=batches * updates,
        gradient_examples=examples * updates * passes_of_update(settings),
    )


def views_of_epoch(settings: Mapping) -> int:
    """Return how many arrays as large as the training inputs each epoch makes."""
    return sum(name in settings for name in ("augmentation", "stability"))


def are_images(shape: Sequence[int]) -> bool:
    """Tell whether inputs of this shape can be moved: (height, width[, channels])."""
    return len(shape) in (2, 3)
