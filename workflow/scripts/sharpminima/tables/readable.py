"""Tables for readers: DataFrame -> Markdown or HTML, `mean ± std` in one column."""

import pandas as pd

# Significant digits of numbers, and of standard deviations.
DIGITS, DIGITS_OF_DEVIATIONS = 4, 2
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
    return f"<!doctype html>{head}{body}<p>{versions_note(table)}</p>\n"


def texts(table: pd.DataFrame, digits: int = DIGITS) -> pd.DataFrame:
    """Return `table` as readers see it, all cells as text.

    The columns `X_mean` and `X_std` become one. The column of versions and columns
    without any value are left out.
    """

    def text(value):
        if pd.isna(value):
            return ""
        return f"{value:.{digits}g}" if isinstance(value, float) else str(value)

    def with_deviation(mean, std):
        if pd.isna(mean):
            return None
        if pd.isna(std):
            return text(mean)
        return f"{text(mean)} ± {std:.{DIGITS_OF_DEVIATIONS}g}"

    shown = table.drop(columns="versions", errors="ignore")
    # In some tables the columns are called `mean` and `std`, without a measure.
    for mean in [name for name in shown.columns if str(name).endswith("mean")]:
        std = f"{mean.removesuffix('mean')}std"
        if std in shown.columns:
            pairs = zip(shown[mean], shown[std])
            shown[mean] = [with_deviation(*pair) for pair in pairs]
            shown = shown.drop(columns=std)
    shown = shown.dropna(axis="columns", how="all").map(text)
    shown.columns = [str(name).replace("_", " ") for name in shown.columns]
    return shown


def versions_note(table: pd.DataFrame) -> str:
    """Return a sentence that names the package versions if they are mixed, or ''."""
    entries = table.get("versions", pd.Series(dtype=str))
    found = sorted({part for entry in entries for part in entry.split(" | ")})
    if len(found) < 2:
        return ""
    return "This table mixes package versions: " + "; ".join(found) + "."
