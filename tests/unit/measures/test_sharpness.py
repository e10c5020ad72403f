"""Metric 2.1, and the rows of its searches."""

import copy

import numpy as np
import pytest

from sharpminima.measures import sharpness
from sharpminima.measures.maximisers import Minimum, maximise
from sharpminima.measures.spaces import metric

RNG = np.random.default_rng(0)
EPSILONS = [1e-2, 5e-3]
ONCE = {"lbfgsb": ["zero"], "sign": []}
SETTINGS = {
    **{"max_iterations": 10, "max_evaluations": 40},
    "full": {"lbfgsb": ["zero"], "sign": ["lbfgsb", "corner"]},
    "adaptive": {"lbfgsb": [], "sign": ["zero"]},
    "subspace": {"dimensions": 3, "draws": 2, **ONCE},
    "reference": {"corners": 0, "patience": 1},
}
NONE = {"lbfgsb": [], "sign": []}


def bowl(centre):
    """Return half the squared distance from `centre`, with its gradient."""
    return lambda y: (0.5 * (y - centre) @ (y - centre), y - centre)


def measure(f, x, seed=0, epsilons=EPSILONS, **changes):
    minimum, settings = Minimum(x, *f(x)), {**SETTINGS, **changes}
    return list(sharpness.measure(f, minimum, settings, epsilons, seed))


def identities(rows):
    keys = ("space", "epsilon", "maximiser", "start", "subspace_seed")
    return [tuple(row.get(key) for key in keys) for row in rows]


def test_a_row_has_the_metric_of_its_losses():
    x, slope = RNG.normal(size=50), RNG.normal(size=50)
    rows = measure(lambda y: (0.5 + slope @ (y - x), slope), x)
    rise = np.abs(slope) @ (1e-2 * (np.abs(x) + 1))
    for row in rows[:2]:
        assert row["sharpness"] == pytest.approx(100 * rise / 1.5, rel=1e-9)
        assert row["sharpness"] == metric(row["loss_before"], row["loss_after"])


def test_there_is_a_row_for_each_space_epsilon_search_and_draw():
    x = RNG.normal(size=50)
    rows = measure(bowl(x + 1e-3), x)
    assert len(set(identities(rows))) == len(rows) == 2 * (3 + 1 + 2)
    assert all(row["sharpness"] > 0 for row in rows)


def test_a_new_epsilon_changes_no_row_of_the_others():
    x = RNG.normal(size=50)
    f = bowl(x + 1e-3)
    alone, *together = (measure(f, x, epsilons=e) for e in ([1e-2], [5e-3, 1e-2]))
    together = [row for row in together[0] if row["epsilon"] == 1e-2]
    for row in (*alone, *together):
        del row["seconds"]
    assert alone == together


def test_all_epsilons_of_a_checkpoint_see_the_same_subspaces(monkeypatch):
    directions = {epsilon: [] for epsilon in EPSILONS}

    def recorded(maximiser, f, minimum, box, *given, **limits):
        directions[box.epsilon].append(box.space.displacement(np.ones(3)))
        return maximise(maximiser, f, minimum, box, *given, **limits)

    monkeypatch.setattr(sharpness, "maximise", recorded)
    x = RNG.normal(size=50)
    measure(bowl(x + 1e-3), x, full=NONE, adaptive=NONE)
    first, second = map(np.array, directions.values())
    np.testing.assert_array_equal(first, second)
    assert len(np.unique(first, axis=0)) == SETTINGS["subspace"]["draws"]


def test_both_regimes_of_a_seed_are_measured_in_the_same_subspaces():
    first, second, other = (
        identities(measure(bowl(np.ones(50)), x, seed))
        for x, seed in ((np.zeros(50), 0), (np.full(50, 2.0), 0), (np.zeros(50), 1))
    )
    assert first == second != other


def test_a_diverged_run_has_the_same_rows_without_values():
    x = RNG.normal(size=50)
    measured = measure(bowl(x + 1e-3), x)
    missing = list(sharpness.not_measured(SETTINGS, EPSILONS, 0, "diverged"))
    assert identities(missing) == identities(measured)
    assert np.isnan([row["sharpness"] for row in missing]).all()


@pytest.mark.parametrize(
    ("change", "searches"),
    [
        ({}, {"full": 3, "adaptive": 1, "subspace": 2}),
        ({"full": NONE}, {"full": 0, "adaptive": 1, "subspace": 2}),
        (
            {"subspace": SETTINGS["subspace"] | {"draws": 0}},
            {"full": 3, "adaptive": 1, "subspace": 0},
        ),
        (
            {"full": NONE, "reference": {"corners": 2, "patience": 5}},
            {"full": 1, "adaptive": 1, "subspace": 2},
        ),
    ],
)
def test_what_is_planned_is_what_is_searched(change, searches):
    settings = copy.deepcopy(SETTINGS) | change
    config = {"sharpness": settings | {"epsilons": EPSILONS}}
    planned = sharpness.planned(config, {"epsilon": "0.01"})
    twice = sharpness.planned(config, {})
    assert twice.searches == {space: 2 * n for space, n in searches.items()}
    assert twice.gradients == 2 * planned.gradients
    x = RNG.normal(size=50)
    spaces = [
        row["space"] for row in measure(bowl(x + 1e-3), x, epsilons=[1e-2], **change)
    ]
    assert planned.searches == searches
    assert {space: spaces.count(space) for space in searches} == searches


def test_the_adaptive_box_shrinks_with_the_parameters():
    x, slope = RNG.normal(size=50), RNG.normal(size=50)
    x[:5] = 0.0
    rows = measure(
        lambda y: (0.5 + slope @ (y - x), slope),
        x,
        full=NONE,
        adaptive={"lbfgsb": ["zero"], "sign": ["zero"]},
        subspace=SETTINGS["subspace"] | {"draws": 0},
    )
    assert [row["maximiser"] for row in rows] == ["lbfgsb", "sign"] * 2
    for row in rows:
        rise = row["epsilon"] * np.abs(slope) @ np.abs(x)
        assert row["sharpness"] == pytest.approx(100 * rise / 1.5, rel=1e-9)


def test_a_reference_is_one_more_row_of_the_full_space():
    x = RNG.normal(size=50)
    rows = measure(bowl(x + 1e-3), x, reference={"corners": 2, "patience": 5})
    (at_first, _) = found = [row for row in rows if row["maximiser"] == "reference"]
    assert [row["space"] for row in found] == ["full", "full"]
    assert at_first["message"] == "STOP: NO MORE CORNERS"
    box = 1e-2 * (np.abs(x) + 1)
    rise = 0.5 * np.sum((box + 1e-3) ** 2) - 0.5 * 50 * 1e-6
    assert at_first["loss_after"] - at_first["loss_before"] == pytest.approx(rise)


@pytest.mark.parametrize("sign", [["lbfgsb", "corner"], ["corner", "lbfgsb"]])
def test_a_polish_begins_where_lbfgsb_ended_whatever_else_was_searched(sign):
    """At an exact minimum L-BFGS-B finds nothing, and a corner does."""
    x = np.ones(50)
    rows = measure(bowl(x), x, full={"lbfgsb": ["zero"], "sign": sign}, adaptive=NONE)
    found = {row["start"]: row["sharpness"] for row in rows[:3]}
    assert found["lbfgsb"] == found["zero"] == 0.0
    assert found["corner"] > 0
