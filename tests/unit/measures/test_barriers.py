"""Barriers of functions with known ones, and which runs are compared."""

from dataclasses import dataclass

import numpy as np
import pytest

from sharpminima.jobs.unfinished import now
from sharpminima.measures import barriers


@dataclass(frozen=True)
class Point:
    parameters: np.ndarray


START, END, OTHER = (Point(np.array(x)) for x in ([-1.0, 0.0], [1.0, 0.0], [-1.0, 2.0]))


def mixture(mixed):
    """A double well in the first parameter, tilted for the test set."""

    def measures(weights, shares):
        assert weights == shares
        x, y = sum(w * point.parameters for w, point in zip(weights, mixed))
        return {"train_loss": (x**2 - 1) ** 2 + 3 * y, "test_loss": x - x**2}

    return measures


def rows_of(ends, points=5):
    return list(barriers.measure(mixture, START, ends, points))


def test_the_excess_is_above_the_straight_line_between_the_ends():
    rows = rows_of({"as trained": END})
    assert [row["t"] for row in rows] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert [row["train_excess"] for row in rows] == [0, 0.5625, 1.0, 0.5625, 0]
    # From -2 to 0: the slope between the ends drops out.
    assert [row["test_excess"] for row in rows] == [0, 0.75, 1.0, 0.75, 0]
    assert {row["distance"] for row in rows} == {2.0}
    assert {row["units"] for row in rows} == {"as trained"}


def test_each_order_of_units_has_its_line():
    rows = rows_of({"as trained": END, "matched": OTHER})
    assert [row["units"] for row in rows] == ["as trained"] * 5 + ["matched"] * 5
    # The other end is higher, and a slope makes no barrier.
    assert max(row["train_excess"] for row in rows[5:]) == 0.0
    assert rows[-1]["train_loss"] == 6.0


def test_each_position_is_a_step():
    steps = []
    ends = {"as trained": END, "matched": OTHER}
    list(
        barriers.measure(mixture, START, ends, 4, lambda f: steps.append(f()) or now(f))
    )
    assert len(steps) == 8


def test_one_seed_has_a_pair_and_two_seeds_have_four():
    assert list(barriers.pairs(("SB0", "LB0"), ())) == [("SB0", "LB0")]
    found = list(barriers.pairs(("SB0", "LB0"), ("SB1", "LB1")))
    assert found == [
        *(("SB0", "SB1"), ("LB0", "LB1")),
        *(("SB0", "LB1"), ("SB1", "LB0")),
    ]


def test_a_diverged_run_has_rows_without_values():
    rows = list(barriers.not_measured())
    assert [row["units"] for row in rows] == ["as trained", "matched"]
    assert all(np.isnan(row["train_excess"]) for row in rows)


@pytest.mark.parametrize(
    ("policy", "other", "train"),
    [("batch", 0, 20), ("batch", 1, 80), ("moving", 0, 60)],
)
def test_what_is_planned(policy, other, train):
    config = {"barriers": {"points": 10}, "evaluation": {"batch_norm": policy}}
    found = barriers.planned(config, {"seed": 0, "other": other})
    assert found.train_losses == train
    assert found.test_losses == (20 if other == 0 else 80)
