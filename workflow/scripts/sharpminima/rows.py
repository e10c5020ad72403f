"""Rows of results: the columns that all of them carry, the statuses of a run, files."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

IDENTITY = ("network", "dataset", "regime", "seed")
IDENTITY_OF_PAIR = ("network", "dataset", "first", "second", "seed")
SETTING = ("variant", "batch_size", "learning_rate", "parameters", "train_examples")
CARRIED = (*IDENTITY, *SETTING, "batch_norm", "status")
DIVERGED = "diverged"
UNCONVERGED = "max_epochs"


def identity_of_run(origin: Mapping) -> dict:
    """Return network, dataset, regime and seed of a run, from all that `origin` says.

    Args:
        origin: The attributes of the run's checkpoint.
    """
    return {name: origin[name] for name in IDENTITY}


def identity_of_pair(origins: list[dict]) -> dict:
    """Return what identifies a comparison of two runs of one seed in a row.

    Args:
        origins: The attributes of both checkpoints.

    Returns:
        Network, dataset, seed, the two regimes, the versions that trained them, and
        `status`: diverged if one of the runs is, or ok.
    """
    first, second = origins
    trained_with = sorted({first["versions"], second["versions"]})
    statuses = (first["status"], second["status"])
    return {
        "network": first["network"],
        "dataset": first["dataset"],
        "first": first["regime"],
        "second": second["regime"],
        "seed": first["seed"],
        "status": DIVERGED if DIVERGED in statuses else "ok",
        "trained_with": " | ".join(trained_with),
    }


def write(path: str | Path, rows: Iterable[Mapping]) -> None:
    """Write `rows` as the CSV file `path`, as `pandas.DataFrame.to_csv` would.

    Columns come in the order in which rows first name them. A value that a row lacks,
    or that is NaN, is left empty. Floats keep all their digits, and integers stay
    integers in a column that some rows lack.

    Args:
        path: The file.
        rows: Values by column.
    """
    rows = [
        # Only NaN differs from itself. Text and None pass, unlike with `math.isnan`.
        {name: "" if value != value else value for name, value in row.items()}
        for row in rows
    ]
    # A dict keeps the order in which names come, a set would not.
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
