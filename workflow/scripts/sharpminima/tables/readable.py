"""Tables for readers: DataFrame -> Markdown or HTML, means with what belongs to them.

A cell says `mean ± std`, or `mean (low to high)` where the mean has an interval.
"""

import itertools
from html import escape

import pandas as pd

# Significant digits of numbers, of standard deviations, of means with an interval.
DIGITS, DIGITS_OF_DEVIATIONS, DIGITS_OF_INTERVALS = 4, 2, 3
# The columns, beside that of the mean, that share its cell.
BESIDE = [["std"], ["low", "high"]]
STYLE = """
body { font: 14px/1.5 sans-serif; margin: 1em; }
table { border-collapse: collapse; }
th, td { padding: 0.3em 0.6em; text-align: left; white-space: nowrap; }
thead th { border-bottom: 2px solid; }
tbody td { border-bottom: 1px solid lightgrey; }
"""


def markdown(table: pd.DataFrame, digits: int = DIGITS) -> str:
    """Return `table` as Markdown, with a note if package versions are mixed."""
    text = texts(table, digits).to_markdown(index=False, disable_numparse=True)
    return "\n\n".join(part for part in (text, versions_note(table)) if part) + "\n"


def html(table: pd.DataFrame, digits: int = DIGITS) -> str:
    """Return `table` as a whole HTML page, with a note if package versions are mixed.

    The page loads nothing else, so it opens offline.
    """
    body = texts(table, digits).to_html(index=False, border=0)
    head = f'<meta charset="utf-8"><style>{STYLE}</style>'
    return f"<!doctype html>{head}{body}<p>{escape(versions_note(table))}</p>\n"


def texts(table: pd.DataFrame, digits: int = DIGITS) -> pd.DataFrame:
    """Return `table` as readers see it, all cells as text.

    The columns `X_mean` and `X_std` become one, and so do `X_mean`, `X_low` and
    `X_high`. The column of versions and columns without any value are left out.
    """
    shown = table.drop(columns="versions", errors="ignore")
    means = [name for name in shown.columns if str(name).endswith("_mean")]
    for mean, names in itertools.product(means, BESIDE):
        beside = [f"{mean.removesuffix('mean')}{name}" for name in names]
        if set(beside) <= set(shown.columns):
            values = zip(*(shown[name] for name in (mean, *beside)))
            shown[mean] = [_mean(*cell, digits=digits) for cell in values]
            shown = shown.drop(columns=beside)
    shown = shown.dropna(axis="columns", how="all").map(_text, digits=digits)
    shown.columns = [str(name).replace("_", " ") for name in shown.columns]
    return shown


def _text(value, digits):
    if pd.isna(value):
        return ""
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def _mean(mean, *beside, digits):
    """Return a mean with its standard deviation, or with both ends of its interval."""
    if pd.isna(mean):
        return None
    if any(map(pd.isna, beside)):
        return _text(mean, digits)
    if len(beside) == 1:
        return f"{_text(mean, digits)} ± {beside[0]:.{DIGITS_OF_DEVIATIONS}g}"
    # By way of a number, since 1230 is easier to read than 1.23e+03.
    rounded = (float(f"{v:.{DIGITS_OF_INTERVALS}g}") for v in (mean, *beside))
    return "{:g} ({:g} to {:g})".format(*rounded)


def versions_note(table: pd.DataFrame) -> str:
    """Return a sentence that names the package versions if they are mixed, or ''."""
    entries = table.get("versions", pd.Series(dtype=str)).dropna()
    found = sorted({part for entry in entries for part in entry.split(" | ")})
    if len(found) < 2:
        return ""
    return "This table mixes package versions: " + "; ".join(found) + "."
