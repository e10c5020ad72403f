"""Gather rows from many files into one table, and write a table to its files."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from sharpminima.storage import rows
from sharpminima.storage.files import replacing
from sharpminima.tables import readable

# Seeds of subspaces have 63 bits. Read as floats, which a column with gaps becomes,
# they would be rounded.
TEXT = {"subspace_seed": str}


def gather(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return the rows of all CSV files `paths`, in their order.

    Raises:
        ValueError: If there are no files.
        DamagedError: If one is not as `rows.write` wrote it.
    """
    return pd.concat(
        [pd.read_csv(rows.read(path), dtype=TEXT) for path in paths], ignore_index=True
    )


def write(table: pd.DataFrame, path: str | Path) -> None:
    """Write `table` as the CSV file `path` with six significant digits."""
    text = table.to_csv(index=False, float_format="%.6g")
    rounded = csv.DictReader(io.StringIO(text))
    rows.write(path, rounded, rounded.fieldnames)


def write_for_readers(
    table: pd.DataFrame,
    programs: str | Path,
    md: str | Path,
    html: str | Path,
    *,
    digits: int = readable.DIGITS,
) -> None:
    """Write `table` as CSV, Markdown and HTML.

    Args:
        table: The table.
        programs: The CSV file, with six significant digits.
        md: The Markdown file.
        html: The HTML file.
        digits: How many significant digits readers see in Markdown and HTML.
    """
    write(table, programs)
    for path, form in ((md, readable.markdown), (html, readable.html)):
        with replacing(path) as temporary:
            temporary.write_text(form(table, digits), encoding="utf-8")
