"""The networks of a study: what each one is, and how large (the paper's Table 1)."""

import pandas as pd

from sharpminima.tables.summaries.averages import with_versions

COLUMNS = ["network", "builder", "dataset", "input_shape", "classes", "parameters"]
COLUMNS += ["train_examples", "test_examples"]


def tabulate(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per network.

    Args:
        outcomes: One row per run, as the rule `train` writes it.

    Returns:
        What builds the network, its dataset, shape of an input, numbers of classes, of
        trained parameters and of examples, and `versions`.
    """
    table = outcomes[COLUMNS].drop_duplicates().set_index("network")
    return with_versions(table, outcomes, ["network"]).reset_index()
