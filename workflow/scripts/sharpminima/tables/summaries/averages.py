"""Statistics over runs: many rows -> one row per condition.

A run that diverged is counted and never averaged. Standard deviations divide by n - 1,
so a single run has none, and no interval. Sharpness spans decades from run to run, so
its mean is geometric: no `mean ± std` could be larger than itself. Knows nothing of
files.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from sharpminima.storage.rows import DIVERGED

CONDITION = ["network", "dataset", "regime", "batch_size"]
CONFIDENCE = 0.95


def summarise(
    rows: pd.DataFrame,
    keys: Sequence[str],
    measures: Sequence[str] = (),
    sharpness: Sequence[str] = (),
) -> pd.DataFrame:
    """Return one row per condition: counts, versions and means.

    Args:
        rows: One row per run, with its `status` and its `versions`.
        keys: The columns that make a condition.
        measures: The columns of which to give mean and standard deviation.
        sharpness: The columns of which to give the `geometric` mean.
    """
    table = counted(rows, keys)
    for measure in measures:
        table = table.join(statistics(rows, keys, measure, ["mean", "std"]))
    for measure in sharpness:
        table = table.join(geometric(rows, keys, measure))
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


def interval(rows: pd.DataFrame, keys: Sequence[str], measure: str) -> pd.DataFrame:
    """Return the mean of a measure over the runs that did not diverge.

    Args:
        rows: One row per run, with its `status`.
        keys: The columns that make a condition.
        measure: The column of the measure.

    Returns:
        A row per condition: `MEASURE_mean`, and the bounds `MEASURE_low` and
        `MEASURE_high` of its 95 % interval (Student's t). There is no mean where a run
        has no value, and no interval for a single run.
    """
    sound = rows[rows["status"] != DIVERGED]
    groups = sound.groupby(keys, sort=False)[measure]
    mean = groups.mean(skipna=False)
    half = half_width(groups.std(), groups.count())
    table = pd.DataFrame({"mean": mean, "low": mean - half, "high": mean + half})
    return table.add_prefix(f"{measure}_")


def geometric(rows: pd.DataFrame, keys: Sequence[str], measure: str) -> pd.DataFrame:
    """Return the geometric mean of a measure over the runs that did not diverge.

    Args:
        rows: One row per run, with its `status`.
        keys: The columns that make a condition.
        measure: The column of the measure. Runs without a value do not count.

    Returns:
        The columns of `interval`, with Student's t on the logarithms. If a value is 0,
        the mean is 0 and has no interval; if one is negative, there is no mean.
    """
    known = rows.dropna(subset=measure)
    # The logarithm of 0 is minus infinity; exp turns a mean of that into 0 again.
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = known.assign(**{measure: np.log(known[measure])})
        return np.exp(interval(logs, keys, measure))


def half_width(std, count):
    """Return half of the 95 % interval of a mean (Student's t).

    Args:
        std: The standard deviation of the values, a number or several.
        count: How many values there are, of the same shape.
    """
    quantile = special.stdtrit(count - 1, (1.0 + CONFIDENCE) / 2.0)
    return quantile * std / np.sqrt(count)


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
