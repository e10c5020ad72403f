"""Sizes: a network's parameters, and on how many examples it works."""

from collections.abc import Mapping

from sharpminima.networks import counts


def dataset_of(config: Mapping, network: str) -> Mapping:
    """Return the entry of `datasets` that `network` is trained on."""
    return config["datasets"][config["networks"][network]["dataset"]]


def parameters_of(config: Mapping, network: str) -> int | None:
    """Return how many parameters a network has; None if the config does not tell."""
    declared = dataset_of(config, network)
    if not {"input_shape", "classes"} <= set(declared):
        return None
    form = declared["input_shape"], declared["classes"]
    return counts.parameters(config["networks"][network], *form)


def of_network(config: Mapping, network: str) -> dict[str, int]:
    """Return the numbers of examples that `subset` leaves of a network's dataset.

    They follow from the sizes that the config declares. Nothing looks at the data.

    Args:
        config: The whole config.
        network: The network's name.

    Returns:
        `train_examples`, `measure_examples` (of the training set) and `test_examples`.
    """
    declared, subset = dataset_of(config, network), config["subset"]
    train = subset.get("train_examples", declared["train_examples"])
    return {
        "train_examples": train,
        "measure_examples": subset.get("measure_examples", train),
        "test_examples": subset.get("test_examples", declared["test_examples"]),
    }
