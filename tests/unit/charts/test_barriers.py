"""The chart of barriers shows each pair, and its mean."""

import pandas as pd

from examples import IDENTITY, data_of
from sharpminima.charts import barriers

NAN = float("nan")


def line(first, second, seeds, units, status="ok"):
    return [
        {
            **{**IDENTITY, "status": status, "seed": seeds[0]},
            **{"first": first, "second": second, "units": units, "t": t},
            **dict(zip(("first_seed", "second_seed"), seeds)),
            **{"train_excess": t * (1 - t), "test_excess": 0.0},
        }
        for t in (0.0, 0.5, 1.0)
    ]


def rows():
    found = []
    for units in ("as trained", "matched"):
        found += line("SB", "LB", (0, 0), units)
        found += line("SB", "LB", (0, 1), units)
        found += line("SB", "SB", (0, 1), units)
    return pd.DataFrame(found)


def test_sets_are_rows_and_orders_of_units_are_columns():
    spec = barriers.draw(rows()).to_dict()
    titles = [[p["title"]["text"] for p in row["hconcat"]] for row in spec["vconcat"]]
    assert titles == [
        ["training set, as trained", "training set, matched"],
        ["test set, as trained", "test set, matched"],
    ]
    for row, column in zip(spec["vconcat"], ("train_excess", "test_excess")):
        assert row["resolve"]["scale"]["y"] == "shared"
        pairs, mean = row["hconcat"][0]["layer"]
        assert pairs["encoding"]["y"]["field"] == column
        assert mean["encoding"]["y"]["aggregate"] == "mean"
        details = [detail["field"] for detail in pairs["encoding"]["detail"]]
        assert details == ["first_seed", "second_seed"]


def test_one_seed_and_two_seeds_have_their_own_colours():
    spec = barriers.draw(rows()).to_dict()
    colour = spec["vconcat"][0]["hconcat"][0]["layer"][0]["encoding"]["color"]
    expected = ["SB to LB, one seed", "SB to LB, two seeds", "SB to SB, two seeds"]
    assert colour["scale"]["domain"] == expected
    assert len(set(colour["scale"]["range"])) == 3


def test_pairs_with_a_diverged_run_are_left_out_and_counted():
    lost = pd.DataFrame(line("LB", "LB", (0, 1), "as trained", "diverged"))
    chart = barriers.draw(pd.concat([rows(), lost]))
    assert "LB to LB, two seeds" not in set(data_of(chart)["ends"])
    assert chart.to_dict()["title"]["subtitle"] == ["1 pair with a run that diverged"]
