"""Tables for readers: DataFrame -> Markdown or HTML, `mean ± std` in one column."""

import pandas as pd

STYLE = """
body { font: 14px/1.5 sans-serif; margin: 1em; }
table { border-collapse: collapse; }
th, td { padding: 0.3em 0.6em; text-align: left; white-space: nowrap; }
thead th { border-bottom: 2px solid; }
tbody td { border-bottom: 1px solid lightgrey; }
"""


def markdown(table: pd.DataFrame) -> str:
    """Return `table` as Markdown, with a note if package versions are mixed."""
    text = texts(table).to_markdown(index=False, disable_numparse=True)
    return "\n\n".join(part for part in (text, versions_note(table)) if part) + "\n"


def html(table: pd.DataFrame) -> str:
    """Return `table` as a page of HTML that needs nothing else, with the same note."""
    body = texts(table).to_html(index=False, border=0)
    head = f'<meta charset="utf-8"><style>{STYLE}</style>'
    return f"<!doctype html>{head}{body}<p>{versions_note(table)}</p>\n"


def texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` as it is shown.

    Columns `X_mean` and `X_std` become one; versions and columns without any value are
    left out; numbers have four digits, deviations two.
    """
    shown = _joined(table.drop(columns="versions", errors="ignore"))
    shown = shown.dropna(axis="columns", how="all").map(_text)
    shown.columns = [str(name).replace("_", " ") for name in shown.columns]
    return shown


def versions_note(table: pd.DataFrame) -> str:
    """Return a sentence naming the package versions if they are mixed, or nothing."""
    entries = table.get("versions", pd.Series(dtype=str))
    found = sorted({part for entry in entries for part in entry.split(" | ")})
    if len(found) < 2:
        return ""
    return "This table mixes package versions: " + "; ".join(found) + "."


def _joined(table):
    """Return `table` with each pair of `mean` and `std` columns made one of text."""
    table = table.copy()
    for mean in [name for name in table.columns if str(name).endswith("mean")]:
        std = f"{mean.removesuffix('mean')}std"
        if std in table.columns:
            pairs = zip(table[mean], table[std])
            table[mean] = [_with_deviation(m, s) for m, s in pairs]
            table = table.drop(columns=std)
    return table


def _with_deviation(mean, std):
    if pd.isna(mean):
        return None
    return _text(mean) if pd.isna(std) else f"{_text(mean)} ± {std:.2g}"


def _text(value):
    if pd.isna(value):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
