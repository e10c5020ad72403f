"""Gather rows from many files into one table, and write a table to its files."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from sharpminima.tables import readable

# Seeds of subspaces have 63 bits. Read as floats, which a column with gaps becomes,
# they would be rounded.
TEXT = {"subspace_seed": str}


def gather(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return the rows of all CSV files `paths`, in their order.

    Raises:
        ValueError: If there are no files.
    """
    return pd.concat(
        [pd.read_csv(path, dtype=TEXT) for path in paths], ignore_index=True
    )


def write(table: pd.DataFrame, csv: str | Path) -> None:
    """Write `table` as CSV with six significant digits."""
    table.to_csv(csv, index=False, float_format="%.6g")


def write_for_readers(
    table: pd.DataFrame,
    csv: str | Path,
    md: str | Path,
    html: str | Path,
    *,
    digits: int = readable.DIGITS,
) -> None:
    """Write `table` as CSV, Markdown and HTML.

    Args:
        table: The table.
        csv: The CSV file, with six significant digits.
        md: The Markdown file.
        html: The HTML file.
        digits: How many significant digits readers see in Markdown and HTML.
    """
    write(table, csv)
    Path(md).write_text(readable.markdown(table, digits), encoding="utf-8")
    Path(html).write_text(readable.html(table, digits), encoding="utf-8")
