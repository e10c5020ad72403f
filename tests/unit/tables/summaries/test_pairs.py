"""Two regimes side by side."""

import pandas as pd

from sharpminima.tables.summaries.pairs import side_by_side

VALUES = pd.DataFrame(
    [("SB", 0, 1.0), ("LB", 1, 4.0), ("SB", 1, 2.0), ("LB", 0, 3.0), ("LB", 2, 5.0)],
    columns=["regime", "seed", "sharpness"],
)


def test_each_seed_that_both_have_is_a_row():
    table = side_by_side(VALUES, ["seed"], "SB", "LB")
    assert table["first_sharpness"].to_dict() == {0: 1.0, 1: 2.0}
    assert table["second_sharpness"].to_dict() == {0: 3.0, 1: 4.0}


def test_any_measure_stands_side_by_side():
    values = VALUES.rename(columns={"sharpness": "status"}).astype({"status": str})
    table = side_by_side(values, ["seed"], "LB", "SB", "status")
    assert table.columns.tolist() == ["first_status", "second_status"]
    assert table.loc[1].tolist() == ["4.0", "2.0"]
