"""Tables for readers: DataFrame -> Markdown, `mean ± std` in one column."""

import pandas as pd


def render(table: pd.DataFrame) -> str:
    """Return `table` as a Markdown table, with a note if package versions are mixed.

    Columns `X_mean` and `X_std` become one; columns without any value are left out.
    """
    versions = sorted(set(table.get("versions", pd.Series(dtype=str))))
    shown = _joined(table.drop(columns="versions", errors="ignore"))
    shown = shown.dropna(axis="columns", how="all")
    shown.columns = [str(name).replace("_", " ") for name in shown.columns]
    text = shown.map(_text).to_markdown(index=False, disable_numparse=True)
    if len(versions) > 1 or any("|" in entry for entry in versions):
        found = sorted({part for entry in versions for part in entry.split(" | ")})
        text += "\n\nThis table mixes package versions: " + "; ".join(found) + "."
    return text + "\n"


def _joined(table):
    """Return `table` with each pair of `mean` and `std` columns made one of text."""
    table = table.copy()
    for mean in [name for name in table.columns if str(name).endswith("mean")]:
        std = f"{mean.removesuffix('mean')}std"
        if std in table.columns:
            table[mean] = [
                _with_deviation(m, s) for m, s in zip(table[mean], table[std])
            ]
            table = table.drop(columns=std)
    return table


def _with_deviation(mean, std):
    if pd.isna(mean):
        return None
    return _text(mean) if pd.isna(std) else f"{_text(mean)} ± {_text(std)}"


def _text(value):
    if pd.isna(value):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
