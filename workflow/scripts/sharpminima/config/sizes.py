"""Sizes: how many examples a network is trained and measured on."""

from collections.abc import Mapping


def dataset_of(config: Mapping, network: str) -> Mapping:
    """Return the entry of `datasets` that `network` is trained on."""
    return config["datasets"][config["networks"][network]["dataset"]]


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
