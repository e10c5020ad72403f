"""Rows from many files into one table, and a table into its two files."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from sharpminima import markdown

# Seeds of subspaces have 63 bits: as numbers with gaps they would be rounded.
TEXT = {"subspace_seed": str}


def gather(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return the rows of all CSV files `paths`, in their order."""
    return pd.concat(
        [pd.read_csv(path, dtype=TEXT) for path in paths], ignore_index=True
    )


def write(table: pd.DataFrame, csv: str | Path, md: str | Path | None = None) -> None:
    """Write `table` as CSV with six digits, and as Markdown for readers."""
    table.to_csv(csv, index=False, float_format="%.6g")
    if md is not None:
        Path(md).write_text(markdown.render(table), encoding="utf-8")
