"""What a measure is going to evaluate, said before it runs.

Each module of a measure has a function `planned(config, job)` that returns it, so that
`make preview` and the declared memory know a new measure without an entry of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Planned:
    """Evaluations of the loss at one checkpoint or pair.

    Attributes:
        gradients: Of the training set, with the gradient.
        train_losses: Of the training set, without the gradient.
        test_losses: Of the test set.
        searches: Searches for the largest loss in a box, by space. They take the
            solver's own time and memory.
    """

    gradients: int = 0
    train_losses: int = 0
    test_losses: int = 0
    searches: Mapping[str, int] = field(default_factory=dict)


def by_searches(settings: Mapping, epsilons: int) -> Planned:
    """Return what the searches for the sharpness of one point evaluate.

    A search of the full space computes one gradient at its start and one in each
    iteration. In subspaces line searches turn back so often that most searches use all
    the evaluations that they are allowed.

    Args:
        settings: The `sharpness` section of the config.
        epsilons: Number of epsilons.
    """
    full, subspace = settings["full"], settings["subspace"]
    most = settings["max_evaluations"]
    searches = {
        "full": epsilons * len(full["starts"]),
        "subspace": epsilons * subspace["draws"] * len(subspace["starts"]),
    }
    in_full_space = min(settings["max_iterations"] + 1, most)
    gradients = searches["full"] * in_full_space + searches["subspace"] * most
    return Planned(gradients=gradients, searches=searches)
