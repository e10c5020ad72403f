"""Sharpness as trained beside sharpness at a common gradient norm."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from examples import NAN, measurements
from sharpminima.tables import readable
from sharpminima.tables.robustness import matched

FULL = {"space": "full", "subspace_seed": None, "start": "zero"}


def searches(*values):
    """Return searches in the full space from `(regime, seed, sharpness, status)`."""
    return measurements(
        *((r, s, *FULL.values(), v, status) for r, s, v, status in values)
    )


AS_TRAINED = searches(
    ("SB", 0, 32.0, "ceased"),
    ("SB", 1, 4.0, "ceased"),
    ("SB", 2, 2.0, "ceased"),
    ("LB", 0, 8.0, "floor"),
    ("LB", 1, 64.0, "floor"),
    ("LB", 2, NAN, "diverged"),
)


def after_descent(values, reached=(True,) * 5, norms=(2e-4,) * 5):
    """Return the searches of the same runs after a descent."""
    rows = AS_TRAINED.assign(sharpness=[*values, NAN], reached=[*reached, False])
    descents = {
        "gradients": [9, 7, 6, 0, 0, NAN],
        "distance": [1.0, 0.5, 0.25, 0.0, 0.0, NAN],
        "gradient_norm_as_trained": [0.2, 0.01, 0.03, 3e-4, 2e-4, NAN],
        "gradient_norm_matched": [*norms, NAN],
    }
    return rows.assign(**descents, versions="keras 3.15.2")


MATCHED = after_descent([4.0, 2.0, 1.0, 8.0, 64.0])


def tabulate(*rows, pairs=(("SB", "LB"),)):
    return matched.tabulate(*rows, pairs).set_index("regime")


def test_each_regime_has_its_geometric_mean_and_its_spread():
    table = tabulate(AS_TRAINED, MATCHED)
    assert list(table.index) == ["SB", "LB", "LB / SB"]
    row = table.loc["SB"]
    assert row["as_trained_mean"] == pytest.approx(256.0 ** (1 / 3))
    assert (row["as_trained_spread"], row["matched_spread"]) == (16.0, 4.0)
    assert row["matched_mean"] == pytest.approx(2.0)
    assert (row["runs"], row["diverged"], row["reached"]) == (3, 0, 3)
    assert pd.isna(row["as_trained_sharper"])


def test_means_have_students_interval_of_the_logarithms_and_so_have_ratios():
    table = tabulate(AS_TRAINED, MATCHED)
    for row, values in (("SB", [32.0, 4.0, 2.0]), ("LB / SB", [1 / 4, 16.0])):
        logs = np.log(values)
        bounds = stats.t.interval(0.95, len(logs) - 1, logs.mean(), stats.sem(logs))
        found = table.loc[row, ["as_trained_low", "as_trained_high"]].tolist()
        assert found == pytest.approx(np.exp(bounds).tolist())


def test_readers_see_a_mean_and_its_interval_in_one_cell():
    shown = readable.texts(matched.tabulate(AS_TRAINED, MATCHED, []))
    assert shown["matched mean"][0] == "2 (0.357 to 11.2)"
    assert "as trained sharper" not in shown


def test_the_diverged_are_counted_and_never_averaged():
    row = tabulate(AS_TRAINED, MATCHED).loc["LB"]
    assert (row["runs"], row["diverged"], row["reached"]) == (3, 1, 2)
    assert row["as_trained_mean"] == pytest.approx(512.0**0.5)
    pair = tabulate(AS_TRAINED, MATCHED).loc["LB / SB"]
    assert (pair["runs"], pair["diverged"], pair["reached"]) == (3, 1, 2)


def test_a_pair_is_compared_seed_by_seed():
    """Ratios 1/4 and 16 as trained, 2 and 32 after the descents."""
    pair = tabulate(AS_TRAINED, MATCHED).loc["LB / SB"]
    assert pair["as_trained_mean"] == pytest.approx(2.0)
    assert pair["matched_mean"] == pytest.approx(8.0)
    assert (pair["as_trained_spread"], pair["matched_spread"]) == (64.0, 16.0)
    assert pair["as_trained_sharper"] == "undecided"
    assert pair["matched_sharper"] == "LB"
    table = tabulate(AS_TRAINED, MATCHED, pairs=[["LB", "SB"]])
    assert table.loc["SB / LB", "matched_sharper"] == "LB"
    assert table.loc["SB / LB", "matched_mean"] == pytest.approx(1 / 8)


def test_runs_that_did_not_reach_the_target_are_compared_in_neither_column():
    rows = after_descent([4.0, 2.0, 1.0, 8.0, 64.0], reached=[False, *[True] * 4])
    table = tabulate(AS_TRAINED, rows)
    assert table.loc["SB", ["runs", "reached"]].tolist() == [3, 2]
    assert table.loc["SB", "as_trained_spread"] == 2.0
    assert table.loc["LB / SB", "as_trained_mean"] == pytest.approx(16.0)
    assert table.loc["LB / SB", "as_trained_sharper"] == "LB"


def test_where_none_reached_it_there_are_counts_and_norms_alone():
    rows = after_descent([4.0, 2.0, 1.0, 8.0, 64.0], reached=[False] * 5)
    row = tabulate(AS_TRAINED, rows).loc["LB / SB"]
    assert (row["runs"], row["reached"]) == (3, 0)
    assert pd.isna(row[["as_trained_mean", "matched_mean", "matched_spread"]]).all()
    assert pd.isna(row["matched_sharper"])


def test_the_table_says_what_the_descents_took():
    row = tabulate(AS_TRAINED, MATCHED).loc["SB"]
    assert (row["gradients"], row["distance"]) == (9, 1.0)
    assert row["gradient_norm_as_trained"] == 0.2
    assert row["gradient_norm_matched"] == 2e-4


def test_a_run_that_missed_the_target_shows_the_norm_where_it_ended():
    norms, reached = [5e-3, *[2e-4] * 4], [False, *[True] * 4]
    rows = after_descent([4.0, 2.0, 1.0, 8.0, 64.0], reached, norms)
    assert tabulate(AS_TRAINED, rows).loc["SB", "gradient_norm_matched"] == 5e-3


def test_a_sharpness_of_zero_makes_a_spread_without_a_bound():
    rows = after_descent([0.0, 2.0, 1.0, 8.0, 64.0])
    row = tabulate(AS_TRAINED, rows).loc["SB"]
    assert (row["matched_mean"], row["matched_spread"]) == (0.0, np.inf)


def test_a_box_is_compared_with_itself():
    other = {"space": "subspace", "epsilon": 5e-4}
    beside = AS_TRAINED.assign(**other), MATCHED.assign(**other, sharpness=3.0)
    both = [
        pd.concat(rows, ignore_index=True)
        for rows in zip((AS_TRAINED, MATCHED), beside)
    ]
    table = matched.tabulate(*both, [["SB", "LB"]])
    assert table["regime"].tolist() == ["SB", "LB", "LB / SB"] * 2
    assert table["space"].tolist() == ["full"] * 3 + ["subspace"] * 3
    assert table["matched_spread"].tolist()[3:] == [1.0, 1.0, 1.0]
    assert table["as_trained_spread"].tolist()[3:] == [16.0, 8.0, 64.0]


def test_the_largest_over_the_starts_counts():
    lower = MATCHED.assign(start="random", sharpness=MATCHED["sharpness"] / 10.0)
    table = tabulate(AS_TRAINED, pd.concat([lower, MATCHED]))
    pd.testing.assert_frame_equal(table, tabulate(AS_TRAINED, MATCHED))


def test_a_network_without_a_regime_has_no_ratio_of_it():
    table = tabulate(AS_TRAINED, MATCHED, pairs=[["SB", "LB"], ["SB", "LB-slow"]])
    assert list(table.index) == ["SB", "LB", "LB / SB"]


def test_the_table_names_all_versions():
    table = tabulate(AS_TRAINED, MATCHED)
    assert set(table["versions"]) == {"keras 3.15.1 | keras 3.15.2"}
