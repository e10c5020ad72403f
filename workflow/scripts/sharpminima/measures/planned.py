"""What a measure is going to evaluate, said before it runs.

Each module of a measure has a function `planned(config, job)` that returns it, so that
`make preview` and the declared memory know a new measure without an entry of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SPACES = ("full", "adaptive", "subspace")


@dataclass(frozen=True)
class Planned:
    """Evaluations of the loss at one checkpoint or pair.

    Attributes:
        gradients: Of the training set, with the gradient.
        train_losses: Of the training set, without the gradient.
        test_losses: Of the test set.
        searches: Searches for the largest loss in a box, by space. They take the
            solver's own time and memory.
        hessian_products: Products of the Hessian with a vector.
        gauss_newton_products: Products of the Gauss-Newton matrix with a vector.
        vectors: Vectors like the parameters that are kept, in float32.
    """

    gradients: int = 0
    train_losses: int = 0
    test_losses: int = 0
    searches: Mapping[str, int] = field(default_factory=dict)
    hessian_products: int = 0
    gauss_newton_products: int = 0
    vectors: int = 0


# What a search of each maximiser took on networks of the paper: evaluations of the loss
# with its gradient. A search by L-BFGS-B in the full space is told by its iterations.
IN_SUBSPACE = 8
FROM_ANYWHERE, FROM_END = 9, 2
# What the turns of a reference took, for each place that it began from.
IN_TURNS = 80


def by_searches(settings: Mapping, epsilons: int) -> Planned:
    """Return what the searches for the sharpness of one point evaluate.

    Args:
        settings: The `sharpness` section of the config.
        epsilons: Number of epsilons.
    """
    searches, gradients = {}, 0
    for space in SPACES:
        of_space = settings[space]
        draws = of_space.get("draws", 1)
        iterations = settings["max_iterations"] + 1
        by_lbfgsb = iterations if space != "subspace" else IN_SUBSPACE
        taken = [by_lbfgsb for _ in of_space["lbfgsb"]]
        taken += [
            FROM_END if start == "lbfgsb" else FROM_ANYWHERE
            for start in of_space["sign"]
        ]
        taken = [min(each, settings["max_evaluations"]) for each in taken]
        if space == "full" and (corners := settings["reference"]["corners"]):
            # It begins at the minimum as well.
            taken.append(IN_TURNS * (1 + corners))
        # One more gradient takes each value apart.
        gradients += draws * sum(each + 1 for each in taken)
        searches[space] = epsilons * draws * len(taken)
    return Planned(gradients=epsilons * gradients, searches=searches)
