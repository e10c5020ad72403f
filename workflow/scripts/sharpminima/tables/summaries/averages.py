"""Statistics over runs: many rows -> one row per condition.

A run that diverged is counted and never averaged. Standard deviations divide by n - 1,
so a single run has none. Knows nothing of files.
"""

from collections.abc import Sequence

import pandas as pd

from sharpminima.rows import DIVERGED

CONDITION = ["network", "dataset", "regime", "batch_size"]


def summarise(
    rows: pd.DataFrame, keys: Sequence[str], measures: Sequence[str]
) -> pd.DataFrame:
    """Return one row per condition: counts, versions, mean and std of `measures`.

    Args:
        rows: One row per run, with its `status` and its `versions`.
        keys: The columns that make a condition.
        measures: The columns to average over the runs that did not diverge.
    """
    table = counted(rows, keys)
    for measure in measures:
        table = table.join(statistics(rows, keys, measure, ["mean", "std"]))
    return with_versions(table, rows, keys).reset_index()


def counted(rows: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return how many `runs` each condition has, and how many of them `diverged`.

    Args:
        rows: One row per run, with its `status`.
        keys: The columns that make a condition, which become the index.
    """
    groups = rows.groupby(keys, sort=False)["status"]
    return pd.DataFrame(
        {
            "runs": groups.size(),
            "diverged": groups.agg(lambda status: (status == DIVERGED).sum()),
        }
    )


def statistics(
    rows: pd.DataFrame, keys: Sequence[str], measure: str, names: Sequence[str]
) -> pd.DataFrame:
    """Return statistics of a measure over the runs that did not diverge.

    Args:
        rows: One row per run, with its `status`.
        keys: The columns that make a condition.
        measure: The column of the measure.
        names: What pandas calls the statistics, such as `mean`.

    Returns:
        A row per condition, a column `MEASURE_NAME` per statistic.
    """
    sound = rows[rows["status"] != DIVERGED]
    table = sound.groupby(keys, sort=False)[measure].agg(names)
    return table.add_prefix(f"{measure}_")


def with_versions(
    table: pd.DataFrame, rows: pd.DataFrame, keys: Sequence[str]
) -> pd.DataFrame:
    """Return `table` with the column `versions`: all package versions of a condition.

    Args:
        table: One row per condition, with `keys` as its index.
        rows: The rows behind the table. `versions` and `trained_with` name packages,
            joined by `|`.
        keys: The columns that make a condition.
    """
    # A run may be trained with some versions and measured with others: both count.
    columns = [name for name in ("versions", "trained_with") if name in rows.columns]
    texts = rows.melt(id_vars=keys, value_vars=columns, value_name="text")
    parts = texts.assign(text=texts["text"].str.split(" | ", regex=False))
    groups = parts.explode("text").groupby(keys, sort=False)["text"]
    versions = groups.agg(lambda values: " | ".join(sorted(set(values))))
    return table.join(versions.rename("versions"))
