"""The table of drifts: one row per run, a column per form."""

import math

import pandas as pd
import pytest

from examples import F1, NAN
from sharpminima.tables.readable import texts
from sharpminima.tables.robustness import invariance

COLUMNS = ["seed", "form", "start", "sharpness", "logit_change", "message", "status"]
ROWS = pd.DataFrame(
    [
        (0, "as trained", "zero", 8.0, 0.0, "stop", "ceased"),
        (0, "as trained", "random", 10.0, 0.0, "stop", "ceased"),
        (0, "canonical", "zero", 30.0, 3e-5, "stop", "ceased"),
        (0, "canonical", "random", 25.0, 3e-5, "stop", "ceased"),
        (0, "scaled", "zero", NAN, 0.2, "refused", "ceased"),
        (0, "scaled", "random", NAN, 0.2, "refused", "ceased"),
        (1, "as trained", "zero", 4.0, 0.0, "stop", "ceased"),
        (1, "scaled", "zero", 1.0, 1e-5, "stop", "ceased"),
        (2, "as trained", "zero", NAN, NAN, "diverged", "diverged"),
    ],
    columns=COLUMNS,
).assign(
    **F1,
    **{"regime": "SB", "batch_size": 32, "measure": "sharpness", "space": "full"},
    **{"epsilon": 1e-3, "versions": "keras 3"},
)


def test_a_run_has_its_forms_side_by_side_and_their_drifts():
    table = invariance.tabulate(ROWS).set_index("seed")
    assert len(table) == 3
    # The largest over the searches counts, as in the table of sharpness.
    assert table["as_trained"].to_dict()[0] == 10.0
    assert (table.loc[0, "canonical"], table.loc[0, "canonical_drift"]) == (30.0, 3.0)
    assert table.loc[1, "scaled_drift"] == 0.25
    assert table.loc[0, "largest_logit_change"] == 3e-5


def test_what_is_refused_has_no_value_and_is_named():
    table = invariance.tabulate(ROWS).set_index("seed")
    assert math.isnan(table.loc[0, "scaled"])
    assert math.isnan(table.loc[0, "scaled_drift"])
    assert table["refused"].dropna().to_dict() == {0: "scaled"}


def test_a_diverged_run_has_a_row_without_values_and_nothing_is_refused():
    row = invariance.tabulate(ROWS).set_index("seed").loc[2]
    assert row[["as_trained", "canonical", "refused"]].isna().all()


def test_each_measure_and_space_has_rows_of_its_own():
    mean = ROWS.assign(measure="average_sharpness", sharpness=ROWS["sharpness"] / 10)
    spaces = ROWS.assign(space="subspace", subspace_seed="11")
    rows = pd.concat([ROWS, mean, spaces]).sort_values("seed", kind="stable")
    table = invariance.tabulate(rows)
    assert len(table) == 9
    assert table["seed"].tolist() == [0] * 3 + [1] * 3 + [2] * 3
    values = table.query("seed == 0").set_index(["measure", "space"])["canonical"]
    assert values["average_sharpness", "full"] == pytest.approx(3.0)
    assert values["sharpness", "subspace"] == 30.0


def test_readers_see_no_column_of_a_form_that_no_network_has():
    assert "permuted" not in texts(invariance.tabulate(ROWS)).columns
    nothing_refused = ROWS[ROWS["message"] != "refused"]
    assert "refused" not in texts(invariance.tabulate(nothing_refused)).columns
