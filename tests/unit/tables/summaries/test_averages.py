"""Averages: geometric means with intervals; every package version is named."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from examples import NAN, SEARCHES, outcomes
from sharpminima.tables import accuracy, paper, sharpness
from sharpminima.tables.summaries.averages import geometric, half_width, interval

PAPER = paper.read()


def test_mixed_versions_are_all_named():
    rows = outcomes(("SB", 0, "ceased", 97.0), ("SB", 1, "ceased", 97.0))
    rows.loc[1, "versions"] = "keras 3.16.0"
    table = accuracy.tabulate(rows, PAPER)
    assert table.loc[0, "versions"] == "keras 3.15.1 | keras 3.16.0"


def test_versions_that_trained_count_as_well():
    rows = SEARCHES.assign(trained_with="keras 3.14.0 | keras 3.15.1")
    table = sharpness.tabulate(rows, PAPER)
    assert set(table["versions"]) == {"keras 3.14.0 | keras 3.15.1"}


def geometric_of(*values, status="ceased"):
    """Return mean, low and high of one condition with these values."""
    rows = pd.DataFrame({"regime": "SB", "value": values, "status": status})
    table = geometric(rows, ["regime"], "value")
    assert list(table.columns) == ["value_mean", "value_low", "value_high"]
    return table.loc["SB"].tolist()


def test_a_geometric_mean_has_students_interval_of_the_logarithms():
    values = [3.5, 7.0, 32.0]
    logs = np.log(values)
    bounds = stats.t.interval(0.95, 2, logs.mean(), stats.sem(logs))
    expected = [stats.gmean(values), *np.exp(bounds)]
    assert geometric_of(*values) == pytest.approx(expected)
    assert geometric_of(*values, NAN) == pytest.approx(expected)


def test_ten_times_each_value_is_ten_times_the_mean_and_its_interval():
    ten_times = 10.0 * np.array(geometric_of(2.0, 3.0, 7.0))
    assert geometric_of(20.0, 30.0, 70.0) == pytest.approx(ten_times.tolist())


@pytest.mark.parametrize(
    ("values", "mean"), [([5.0], 5.0), ([0.0, 5.0], 0.0), ([-1.0, 5.0, 6.0], NAN)]
)
def test_some_means_have_no_interval(values, mean):
    expected = pytest.approx([mean, NAN, NAN], nan_ok=True)
    assert geometric_of(*values) == expected


def test_a_diverged_run_has_no_part_in_a_geometric_mean():
    status = ["ceased", "diverged", "ceased"]
    assert geometric_of(2.0, 1e9, 8.0, status=status)[0] == pytest.approx(4.0)
    rows = pd.DataFrame({"regime": ["SB"], "value": [1.0], "status": ["diverged"]})
    assert geometric(rows, ["regime"], "value").empty


def test_a_mean_has_students_interval_and_needs_a_value_of_each_run():
    values = [1.8, 2.0, 2.5]
    rows = pd.DataFrame({"regime": "SB", "value": values, "status": "ceased"})
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    found = interval(rows, ["regime"], "value").loc["SB"].to_dict()
    expected = {"value_mean": 2.1, "value_low": low, "value_high": high}
    assert found == pytest.approx(expected)
    missing = interval(rows.replace(2.5, NAN), ["regime"], "value")
    assert missing.isna().all(axis=None)


@pytest.mark.parametrize("count", [2, 3, 30])
def test_half_of_an_interval_is_that_of_students_t(count):
    low, high = stats.t.interval(0.95, count - 1, 0.0, 2.0 / np.sqrt(count))
    assert half_width(2.0, count) == pytest.approx(high)
    assert half_width(2.0, count) == pytest.approx(-low)
