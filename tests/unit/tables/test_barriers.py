"""The table of barriers: the largest rise of each pair, and means over pairs."""

import pandas as pd
import pytest

from examples import F1
from sharpminima.tables import barriers
from sharpminima.tables.readable import texts

NAN = float("nan")


def lines(first, second, seeds, units, excess, status="ok"):
    return [
        {
            **{"network": "F1", "dataset": F1["dataset"], "status": status},
            **{"first": first, "second": second, "units": units, "t": t / 2},
            **dict(zip(("first_seed", "second_seed"), seeds)),
            **{"train_excess": value, "test_excess": 2 * value, "distance": 7.0},
            **{"versions": "keras 3.15.1", "trained_with": "keras 3.15.1"},
        }
        for t, value in enumerate(excess)
    ]


@pytest.fixture
def rows():
    found = []
    for seed, top in ((0, 0.5), (1, 0.7), (2, 0.9)):
        seeds = (seed, seed)
        found += lines("SB", "LB", seeds, "as trained", [0.0, top, 0.0])
        found += lines("SB", "LB", seeds, "matched", [0.0, top / 2, 0.0])
    for seeds, top in (((0, 1), 2.0), ((0, 2), 3.0), ((1, 2), 4.0)):
        found += lines("SB", "SB", seeds, "as trained", [0.0, 0.1, top])
    found += lines("SB", "LB", (0, 1), "as trained", [0.0, -0.4, 0.0])
    return pd.DataFrame(found)


def test_each_kind_of_pairs_has_a_row(rows):
    table = barriers.tabulate(rows).set_index(["first", "second", "seeds", "units"])
    table = table.sort_index()
    assert len(table) == 4
    one = table.loc[("SB", "LB", "one")]
    assert one["train_barrier_mean"].to_dict() == pytest.approx(
        {"as trained": 0.7, "matched": 0.35}
    )
    assert one["test_barrier_mean"].tolist() == pytest.approx([1.4, 0.7])
    assert one["pairs"].tolist() == [3, 3]
    same = table.loc[("SB", "SB", "different", "as trained")]
    assert same["train_barrier_mean"] == pytest.approx(3.0)
    assert same["train_barrier_low"] < 3 < same["train_barrier_high"]
    # A line that sags has no barrier.
    apart = table.loc[("SB", "LB", "different", "as trained")]
    assert (apart["train_barrier_mean"], apart["pairs"]) == (0.0, 1)
    assert pd.isna(apart["train_barrier_low"])
    assert (table["distance_mean"] == 7.0).all()
    assert set(table["versions"]) == {"keras 3.15.1"}


def test_pairs_with_a_diverged_run_are_counted_and_not_averaged(rows):
    lost = lines("SB", "SB", (0, 3), "as trained", [NAN], "diverged")
    table = barriers.tabulate(pd.concat([rows, pd.DataFrame(lost)]))
    same = table[table["second"] == "SB"].iloc[0]
    assert (same["pairs"], same["diverged"]) == (4, 1)
    assert same["train_barrier_mean"] == pytest.approx(3.0)


def test_readers_see_means_with_their_intervals(rows):
    shown = texts(barriers.tabulate(rows))
    assert shown["train barrier mean"].iloc[0].startswith("0.7 (0.2")
    assert shown["seeds"].tolist() == ["one", "one", "different", "different"]
