"""Rows become the file that pandas would write, with a digest; damage is an error."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from sharpminima.storage import rows
from sharpminima.storage.faults import DamagedError
from sharpminima.tables.files import gather

LARGE, SMALL, TENTH = 1e22, 5e-324, 0.1 + 0.2


@pytest.mark.parametrize(
    "given",
    [
        [{"a": 1, "b": "text"}, {"a": 2, "b": "more, with a comma"}],
        [{"a": TENTH, "b": 1e-5}, {"a": LARGE, "b": SMALL}, {"a": 100.0, "b": -0.0}],
        [{"a": np.float64(0.1), "b": np.int64(7)}, {"a": float("nan"), "b": 8}],
        [{"a": 1.5, "message": 'a "quoted" word'}, {"a": 2.5, "c": "x"}, {"b": 0.5}],
        [{"a": None, "b": True}, {"a": "x", "b": False}],
        [{"only": "4 = 2 + 2"}, {"only": None}],
        [{"a": "two\nlines,", "b": "two,\r\nlines"}],
        [{"digest": "digest", "b": 1}, {"digest": 2, "b": "digest"}],
    ],
)
def test_without_digest_the_file_is_that_of_pandas_to_the_byte(tmp_path, given):
    rows.write(tmp_path / "ours.csv", given)
    pd.DataFrame(given).to_csv(tmp_path / "theirs.csv", index=False)
    theirs = (tmp_path / "theirs.csv").read_bytes().decode()
    assert rows.read(tmp_path / "ours.csv").getvalue() == theirs


def test_columns_come_in_the_order_of_their_first_row(tmp_path):
    rows.write(tmp_path / "rows.csv", ({"b": 1, name: 2} for name in "ca"))
    assert rows.read(tmp_path / "rows.csv").getvalue() == "b,c,a\n1,2,\n1,,2\n"


def test_each_row_ends_in_the_digest_of_all_that_is_not_digest(tmp_path):
    rows.write(tmp_path / "rows.csv", [{"a": 1, "b": "x"}, {"a": 2.5}])
    digest = hashlib.sha256(b"a,b\n1,x\n2.5,\n").hexdigest()[:16]
    written = (tmp_path / "rows.csv").read_text()
    assert written == f"a,b,digest\n1,x,{digest}\n2.5,,{digest}\n"


def test_the_header_of_an_empty_table_ends_in_its_digest(tmp_path):
    rows.write(tmp_path / "rows.csv", [], ["a", "b"])
    digest = hashlib.sha256(b"a,b\n").hexdigest()[:16]
    assert (tmp_path / "rows.csv").read_text() == f"a,b,{digest}\n"
    assert rows.read(tmp_path / "rows.csv").getvalue() == "a,b\n"


def test_what_pandas_reads_is_the_same(tmp_path):
    given = [{"a": 7, "b": 0.1}, {"b": TENTH}]
    rows.write(tmp_path / "ours.csv", given)
    pd.DataFrame(given).to_csv(tmp_path / "theirs.csv", index=False)
    ours = pd.read_csv(rows.read(tmp_path / "ours.csv"))
    theirs = pd.read_csv(tmp_path / "theirs.csv")
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


@pytest.fixture(params=["rows", "empty"])
def table(request, tmp_path):
    """A small table, with and without rows."""
    given = [{"run": "é, 1", "loss": TENTH, "n": 7}, {"run": None, "loss": 1e-5}]
    rows.write(tmp_path / "table.csv", given if request.param == "rows" else [], "ab")
    return tmp_path / "table.csv"


def refused(path, content):
    """Assert that `content` is refused with the way out."""
    path.write_bytes(content)
    with pytest.raises(DamagedError) as error:
        gather([path])
    assert str(error.value).startswith(f"{path}: expected a whole file")
    assert str(error.value).endswith(f"run the same command again: {path}")


def test_no_flipped_bit_of_a_table_is_read(table):
    content = table.read_bytes()
    for bit in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        refused(table, damaged)


def test_no_table_that_was_cut_off_is_read(table):
    content = table.read_bytes()
    for length in range(len(content)):
        refused(table, content[:length])


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:-1],  # a row is missing
        lambda lines: [lines[0], *lines[:0:-1]],  # rows are in another order
        lambda lines: [*lines, lines[-1]],  # a row stands twice
        lambda lines: [line.rpartition(b",")[0] for line in lines],  # no digest
        lambda lines: [line.replace(b"\n", b"\r\n") for line in lines],
        lambda lines: [*lines, b"\n"],
        lambda lines: [],
    ],
)
def test_a_table_that_was_edited_is_refused(tmp_path, change):
    path = tmp_path / "table.csv"
    rows.write(path, [{"a": 1, "b": 0.5}, {"a": 2, "b": TENTH}])
    lines = change(path.read_bytes().splitlines(keepends=True))
    refused(path, b"".join(lines))


def test_a_run_is_identified_by_what_its_checkpoint_says_of_it():
    identity = {"network": "F1", "dataset": "mnist", "regime": "SB", "seed": 0}
    origin = {"status": "floor", **identity, "batch_size": 256, "versions": "keras 1"}
    assert rows.identity_of_run(origin) == identity


@pytest.mark.parametrize(
    ("variant", "listed"),
    [
        ("plain", set()),
        ("averaging", {"averaging"}),
        ("sgd + weight decay", {"sgd", "weight decay"}),
    ],
)
def test_a_variant_lists_how_a_run_departs_from_the_paper(variant, listed):
    assert rows.departures(variant) == listed
