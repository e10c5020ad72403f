"""Sharpness against epsilon, on losses whose curve is known in closed form."""

import numpy as np
import pytest

from sharpminima.measures import curve
from sharpminima.measures.maximisers import Minimum

RNG = np.random.default_rng(0)
X, SLOPE = RNG.normal(size=(2, 50))
EPSILONS = [1e-3, 1e-2, 1e-1]
SETTINGS = {"epsilons": EPSILONS, "spaces": ["full", "adaptive"], "max_evaluations": 40}
WIDTHS = {"full": np.abs(X) + 1, "adaptive": np.abs(X)}


def linear(y):
    return 0.5 + SLOPE @ (y - X), SLOPE


def bowl(y):
    return 0.5 + 0.5 * (y - X) @ (y - X), y - X


def measured(f, x=X, **changes):
    return list(curve.measure(f, Minimum(x, *f(x)), {**SETTINGS, **changes}))


def test_a_slope_grows_like_epsilon():
    rows = measured(linear)
    for row in rows:
        rise = row["epsilon"] * np.abs(SLOPE) @ WIDTHS[row["space"]]
        assert row["sharpness"] == pytest.approx(100 * rise / 1.5, rel=1e-9)
    points = [(row["space"], row["epsilon"]) for row in rows]
    assert points == [(space, e) for space in SETTINGS["spaces"] for e in EPSILONS]


def test_curvature_grows_like_the_square_of_epsilon():
    """The bowl's slope at x is far smaller than its slope at the box's corner."""

    def f(y):
        return bowl(y + 1e-9)

    for row in measured(f):
        rise = 0.5 * np.sum((row["epsilon"] * WIDTHS[row["space"]]) ** 2)
        assert row["sharpness"] == pytest.approx(100 * rise / 1.5, rel=1e-3)


def test_the_order_of_epsilons_does_not_matter():
    assert measured(linear, epsilons=EPSILONS[::-1]) == measured(linear)


def hill(y):
    """A loss that rises up to |y| = 0.01 and falls beyond."""
    far = np.abs(y) > 0.01
    height = np.where(far, 0.02 - np.abs(y), np.abs(y))
    slope = np.where(far, -np.sign(y), np.where(y < 0, -1.0, 1.0))
    return 10.0 + height.sum(), slope


def test_sharpness_never_falls_where_the_loss_falls_again():
    rows = measured(hill, np.zeros(3), spaces=["full"], epsilons=[5e-3, 1e-2, 1e-1])
    values = [row["sharpness"] for row in rows]
    assert values == pytest.approx([100 * 3 * w / 11 for w in (5e-3, 1e-2, 1e-2)])
    assert rows[-1]["start"] == "smaller"


def twisted(y):
    """A slope upwards, and a cubic that falls there and rises on the other side."""
    return 10.0 + np.sum(1e-4 * y - y**3), 1e-4 - 3 * y**2


def test_the_corner_of_the_smaller_box_leads_to_what_the_minimum_does_not():
    zero = np.zeros(3)
    (alone,) = measured(twisted, zero, spaces=["full"], epsilons=[1e-1])
    assert (alone["start"], alone["sharpness"]) == ("zero", 0.0)
    _, after = measured(twisted, zero, spaces=["full"], epsilons=[5e-3, 1e-1])
    assert after["start"] == "scaled"
    rise = 3 * (1e-3 - 1e-5)
    assert after["sharpness"] == pytest.approx(100 * rise / 11)


def test_parameters_at_zero_stay_there_in_the_adaptive_box():
    x = X.copy()
    x[:10] = 0.0
    moved = []

    def f(y):
        moved.append(y[:10])
        return bowl(y + 1e-6)

    measured(f, x, spaces=["adaptive"])
    assert (np.array(moved) == 0.0).all()
    assert len(moved) > 5


def test_evaluations_and_searches_are_those_that_were_made_and_planned(monkeypatch):
    calls, searches = [], []

    def counted(y):
        calls.append(y)
        return bowl(y + 1e-9)

    search = curve.maximise
    monkeypatch.setattr(
        curve, "maximise", lambda *a, **k: searches.append(a) or search(*a, **k)
    )
    rows = measured(counted)
    # The loss at x is computed once, and each search from there knows it.
    known = len(rows)
    assert sum(row["evaluations"] for row in rows) == len(calls) - 1 + known
    config = {"sharpness": {"curve": SETTINGS}}
    planned = curve.planned(config, {})
    assert planned.searches == {"full": 5, "adaptive": 5}
    assert len(searches) == 10


def test_evaluations_of_a_search_end_at_their_limit():
    first, second = measured(linear, epsilons=[1e-2, 1e-1], max_evaluations=1)[:2]
    assert (first["evaluations"], second["evaluations"]) == (1, 2)


def test_a_diverged_run_has_the_same_points_without_values():
    missing = list(curve.not_measured(SETTINGS))
    for row, found in zip(missing, measured(linear), strict=True):
        assert {name: row[name] for name in ("space", "epsilon")} == {
            name: found[name] for name in ("space", "epsilon")
        }
        assert np.isnan(row["sharpness"])
