"""Rows from many files into one table, and a table into its files."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from sharpminima.tables import readable

# Seeds of subspaces have 63 bits: as numbers with gaps they would be rounded.
TEXT = {"subspace_seed": str}


def gather(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return the rows of all CSV files `paths`, in their order."""
    return pd.concat(
        [pd.read_csv(path, dtype=TEXT) for path in paths], ignore_index=True
    )


def write(table: pd.DataFrame, csv: str | Path) -> None:
    """Write `table` as CSV with six digits."""
    table.to_csv(csv, index=False, float_format="%.6g")


def write_for_readers(table: pd.DataFrame, csv, md, html) -> None:
    """Write `table` as CSV, Markdown and HTML."""
    write(table, csv)
    Path(md).write_text(readable.markdown(table), encoding="utf-8")
    Path(html).write_text(readable.html(table), encoding="utf-8")
