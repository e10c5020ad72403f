"""The work that jobs are going to do, from the config: what `cost.Job` will count.

Knows nothing of Keras, nor of the data: sizes of sets are those that are declared.
"""

from collections.abc import Mapping

from sharpminima.cost import Work
from sharpminima.measures.interpolation import PATHS
from sharpminima.regimes import batches, derived, remedies


def of_training(config: Mapping, network: str, regime: str, epochs: int) -> Work:
    """Return the work of one training run that ends after `epochs`."""
    settings = derived.settings(config, regime)
    train, test = _sizes(config, network, ("train_examples",))
    # The test set after each epoch, and both sets after the last.
    evaluations = epochs * _evaluation(config, train, test)
    evaluations += _evaluation(config, train, train) + _evaluation(config, train, test)
    updates = remedies.work(
        settings,
        batches=batches.updates(settings, train, epochs),
        examples=batches.examples_seen(settings, train, epochs),
    )
    return updates + Work(forward_examples=evaluations)


def of_measuring(config: Mapping, network: str, evaluations: int) -> Work:
    """Return the work of measuring one checkpoint by so many `evaluations`."""
    train, _ = _sizes(config, network, ("train_examples", "measure_examples"))
    again = evaluations * train if _recalibrates(config) else 0
    return Work(evaluations, again, evaluations * train + again)


def of_trajectory(config: Mapping, network: str, evaluations: int) -> Work:
    """Return the work of measuring the kept iterates of a run.

    Args:
        config: The whole config.
        network: The network's name.
        evaluations: How many gradients each iterate takes.
    """
    train, test = _sizes(config, network, ("train_examples", "measure_examples"))
    iterates = len(config["iterates"]["epochs"])
    tested = Work(forward_examples=iterates * _evaluation(config, train, test))
    return of_measuring(config, network, iterates * evaluations) + tested


def of_interpolation(config: Mapping, network: str) -> Work:
    """Return the work of evaluating the paths between two minima."""
    train, test = _sizes(config, network, ("train_examples", "measure_examples"))
    points = len(PATHS) * config["interpolation"]["alphas"]["count"]
    both = _evaluation(config, train, train) + _evaluation(config, train, test)
    return Work(forward_examples=points * both)


def searches(config: Mapping) -> dict[str, int]:
    """Return how many searches measure one checkpoint, by space."""
    settings = config["sharpness"]
    full, subspace = settings["full"], settings["subspace"]
    epsilons = len(settings["epsilons"])
    return {
        "full": epsilons * len(full["starts"]),
        "subspace": epsilons * subspace["draws"] * len(subspace["starts"]),
    }


def _sizes(config, network, keys):
    """Return the sizes of both sets; the last of `keys` that is set decides."""
    declared = config["datasets"][config["networks"][network]["dataset"]]
    sizes, subset = [declared["train_examples"]], config["subset"]
    sizes += [subset[key] for key in keys if key in subset]
    return sizes[-1], subset.get("test_examples", declared["test_examples"])


def _evaluation(config, train, examples):
    """Return how many examples are seen to know the loss on `examples`."""
    return examples + (train if _recalibrates(config) else 0)


def _recalibrates(config):
    return config["evaluation"]["batch_norm"] == "recalibrated"
