"""Rows become the file that pandas would write, but for integers that stay integers."""

import numpy as np
import pandas as pd
import pytest

from sharpminima import rows

LARGE, SMALL, TENTH = 1e22, 5e-324, 0.1 + 0.2


@pytest.mark.parametrize(
    "given",
    [
        [{"a": 1, "b": "text"}, {"a": 2, "b": "more, with a comma"}],
        [{"a": TENTH, "b": 1e-5}, {"a": LARGE, "b": SMALL}, {"a": 100.0, "b": -0.0}],
        [{"a": np.float64(0.1), "b": np.int64(7)}, {"a": float("nan"), "b": 8}],
        [{"a": 1.5, "message": 'a "quoted" word'}, {"a": 2.5, "c": "x"}, {"b": 0.5}],
        [{"a": None, "b": True}, {"a": "x", "b": False}],
        [{"only": "4 = 2 + 2"}],
    ],
)
def test_the_file_is_that_of_pandas_to_the_byte(tmp_path, given):
    rows.write(tmp_path / "ours.csv", given)
    pd.DataFrame(given).to_csv(tmp_path / "theirs.csv", index=False)
    ours, theirs = (tmp_path / f"{name}.csv" for name in ("ours", "theirs"))
    assert ours.read_bytes() == theirs.read_bytes()


def test_columns_come_in_the_order_of_their_first_row(tmp_path):
    rows.write(tmp_path / "rows.csv", ({"b": 1, name: 2} for name in "ca"))
    assert (tmp_path / "rows.csv").read_text() == "b,c,a\n1,2,\n1,,2\n"


def test_what_pandas_reads_is_the_same(tmp_path):
    given = [{"a": 7, "b": 0.1}, {"b": TENTH}]
    rows.write(tmp_path / "ours.csv", given)
    pd.DataFrame(given).to_csv(tmp_path / "theirs.csv", index=False)
    ours, theirs = (pd.read_csv(tmp_path / f"{n}.csv") for n in ("ours", "theirs"))
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def test_a_run_is_identified_by_what_its_checkpoint_says_of_it():
    identity = {"network": "F1", "dataset": "mnist", "regime": "SB", "seed": 0}
    origin = {"status": "floor", **identity, "batch_size": 256, "versions": "keras 1"}
    assert rows.identity_of_run(origin) == identity
