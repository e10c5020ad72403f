"""The paper's own numbers, with the settings under which they are comparable."""

from pathlib import Path

import pandas as pd

# Section 2.2.2 of the paper.
SUBSPACE_DIMENSIONS, MAX_ITERATIONS = 100, 10
SPACES = {"sharpness_full": "full", "sharpness_subspace_100": "subspace"}
FOLDER = Path(__file__).resolve().parents[3] / "resources/keskar2017"


def read() -> pd.DataFrame:
    """Return one row per value of Tables 2 to 4, with the setting that it belongs to.

    Returns:
        Columns of `settings.csv` (network, dataset, regime, batch size and so on),
        `table`, `measure`, `space`, `dimensions`, `epsilon` and `max_iterations` (of
        sharpness; missing in Table 2), `mean` and `std` (percent).
    """
    values = pd.read_csv(FOLDER / "tables.csv")
    is_sharpness = values["measure"].str.startswith("sharpness")
    values["space"] = values["measure"].map(SPACES)
    values["dimensions"] = values["space"].map({"subspace": SUBSPACE_DIMENSIONS})
    values["max_iterations"] = is_sharpness.map({True: MAX_ITERATIONS})
    settings = pd.read_csv(FOLDER / "settings.csv")
    settings["measure_examples"] = settings["train_examples"]
    return settings.merge(values, on=["network", "regime"])
