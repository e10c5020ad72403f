"""The paper's own numbers, with the settings under which they are comparable."""

from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).resolve().parents[2] / "resources/keskar2017"


def read() -> pd.DataFrame:
    """Return one row per value of Tables 2 to 4, with the setting that it belongs to.

    Returns:
        Columns of `settings.csv` (network, dataset, regime, batch size and so on),
        `table`, `measure`, `epsilon` (missing in Table 2), `mean` and `std` (percent).
    """
    settings = pd.read_csv(FOLDER / "settings.csv")
    return settings.merge(pd.read_csv(FOLDER / "tables.csv"), on=["network", "regime"])
