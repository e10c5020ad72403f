"""The paper's own numbers, with the settings under which they are comparable."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

# Section 2.2.2 of the paper.
SUBSPACE_DIMENSIONS, MAX_ITERATIONS = 100, 10
# Tables 3 and 4 print means and standard deviations of five trials with two decimals.
TRIALS, ROUNDING = 5, 0.005
SPACES = {"sharpness_full": "full", "sharpness_subspace_100": "subspace"}
FOLDER = Path(__file__).resolve().parents[3] / "resources/keskar2017"


def read() -> pd.DataFrame:
    """Return one row per value of Tables 2 to 4, with the setting that it belongs to.

    Returns:
        The columns of `settings.csv` (network, dataset, regime, batch size and so on);
        `table` and `measure`; `space`, `dimensions`, `epsilon` and `max_iterations` of
        the sharpness, which are missing in Table 2; `mean` and `std` (percent).
    """
    values = pd.read_csv(FOLDER / "tables.csv")
    is_sharpness = values["measure"].str.startswith("sharpness")
    values["space"] = values["measure"].map(SPACES)
    values["dimensions"] = values["space"].map({"subspace": SUBSPACE_DIMENSIONS})
    values["max_iterations"] = is_sharpness.map({True: MAX_ITERATIONS})
    settings = pd.read_csv(FOLDER / "settings.csv")
    # The paper measures on the whole training set.
    settings["measure_examples"] = settings["train_examples"]
    return settings.merge(values, on=["network", "regime"])


def with_paper(
    table: pd.DataFrame,
    rows: pd.DataFrame,
    values: pd.DataFrame,
    keys: Sequence[str],
    prefix: str,
) -> pd.DataFrame:
    """Return `table` with the paper's mean and std where the setting is the paper's.

    Args:
        table: One row per condition, with `keys` as its index.
        rows: The rows behind the table, which tell the setting of each condition.
        values: Rows of `read`, of one measure.
        keys: The columns that make a condition.
        prefix: What the names of the two new columns begin with.
    """
    if values.empty:
        return table
    # A setting is the paper's if all columns that both sides know are equal.
    settings = [name for name in values.columns if name in rows.columns]
    others = [key for key in keys if key not in settings]
    known = rows[settings + others].drop_duplicates()
    matched = known.merge(values, on=settings).set_index(keys)[["mean", "std"]]
    return table.join(matched.add_prefix(prefix))
