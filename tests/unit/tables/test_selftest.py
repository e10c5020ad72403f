"""A value is off beyond its tolerance, or if there is none."""

import pandas as pd
import pytest

from examples import NAN
from sharpminima.tables import selftest

MADE = {"measure": "sharpness", "value": "bowl", "device": "CPU", "way": "graph"}


@pytest.mark.parametrize(
    ("found", "verdict"),
    [(2.0, "ok"), (2.0199, "ok"), (1.9801, "ok"), (2.021, "off"), (NAN, "off")],
)
def test_the_verdict_follows_the_relative_error(found, verdict):
    row = {**MADE, "expected": 2.0, "found": found, "tolerance": 0.01, "versions": "k"}
    table = selftest.tabulate(pd.DataFrame([row]))
    assert table["verdict"].tolist() == [verdict]
    if found == found:
        assert table.loc[0, "error"] == pytest.approx(abs(found - 2.0) / 2.0)
    assert table.columns.tolist() == selftest.COLUMNS
