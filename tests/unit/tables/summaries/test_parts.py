"""What a rise is made of: shares, exponents, and what a slope alone would give."""

import numpy as np
import pandas as pd
import pytest

from examples import NAN, taken_apart
from sharpminima.measures.spaces import RandomSubspace, box_half_widths, metric
from sharpminima.tables.summaries.parts import (
    PARTS,
    exponents,
    parts_of_runs,
    slope_prediction,
)


def test_shares_are_those_of_the_rise_of_the_best_search():
    rows = taken_apart(
        ("SB", 0, "full", 1e-3, 0.1, 0.2, 0.3), ("SB", 0, "full", 1e-3, 0.1, 0.1, 0.1)
    )
    (run,) = parts_of_runs(rows).to_dict("records")
    assert run["sharpness"] == pytest.approx(50.0)
    assert [run[share] for share in PARTS] == pytest.approx([0.2, 0.4, 0.6])
    norms = [run[f"gradient_{norm}"] for norm in ("l1", "l2", "max")]
    assert norms == [2.0, 0.5, 0.25]
    assert np.isnan(run["slope_prediction"])


def test_subspaces_of_a_run_count_together():
    rows = taken_apart(
        ("SB", 0, "subspace", 1e-3, 0.1, 0.1, 0.0),
        ("SB", 0, "subspace", 1e-3, 0.0, 0.0, 0.3),
        subspace_seed=["11", "12"],
    )
    (run,) = parts_of_runs(rows).to_dict("records")
    assert run["slope_share"] == pytest.approx(0.25)
    assert run["even_share"] == pytest.approx(0.75)


def test_where_there_is_no_rise_there_are_no_shares():
    rows = taken_apart(
        ("SB", 0, "full", 1e-3, 0.0, 0.0, 0.0), ("SB", 1, "full", 1e-3, NAN, NAN, NAN)
    )
    assert parts_of_runs(rows)[list(PARTS)].isna().all(axis=None)


def test_a_slope_gives_in_random_subspaces_what_is_predicted():
    """On average over subspaces: the sizes of 100 normal numbers scatter by 8 %."""
    n, epsilon, loss = 300, 1e-3, 0.25
    gradient = np.random.default_rng(0).normal(size=n)
    found = []
    for seed in range(60):
        space = RandomSubspace(n, dimensions=100, seed=seed)
        half_widths = box_half_widths(np.zeros(100), epsilon)
        rise = half_widths @ np.abs(space.pull_back(gradient))
        found.append(metric(loss, loss + rise))
    search = taken_apart(
        ("SB", 0, "subspace", epsilon, 0.0, 0.0, 0.0),
        gradient_l2=np.linalg.norm(gradient),
        loss_before=loss,
    )
    assert np.mean(found) == pytest.approx(slope_prediction(search)[0], rel=0.03)


def test_a_study_without_subspaces_predicts_nothing():
    rows = taken_apart(("SB", 0, "full", 1e-3, 0.1, 0.2, 0.3))
    whole = rows.drop(columns=["dimensions", "subspace_seed"])
    assert parts_of_runs(whole)["slope_prediction"].isna().all()


def test_runs_that_all_diverged_have_no_parts():
    """Nothing was measured, so that their rows have no columns of it."""
    rows = taken_apart(("SB", 0, "full", 1e-3, NAN, NAN, NAN), status="diverged")
    measured = ["loss_before", "loss_after", "linear", "odd", "even", "gradient_l2"]
    (run,) = parts_of_runs(rows.drop(columns=measured)).to_dict("records")
    assert np.isnan([run["slope_share"], run["gradient_l2"]]).all()


def test_exponents_lead_to_the_next_smaller_epsilon_of_the_same_series():
    """Rows come in any order, and each series has its own power and factor."""
    rows = pd.DataFrame(
        [
            ("SB", epsilon, 7.0 * epsilon**power)
            for epsilon, power in ((1e-3, 1), (4e-3, 1), (2e-3, 1))
        ]
        + [("LB", 1e-3, 3.0), ("LB", 2e-3, 12.0)],
        columns=["regime", "epsilon", "sharpness"],
    )
    found = exponents(rows, ["regime"])
    expected = pytest.approx([NAN, 1.0, 1.0, NAN, 2.0], nan_ok=True)
    assert found.sort_index().tolist() == expected


def test_no_exponent_stands_beside_a_sharpness_of_zero():
    rows = pd.DataFrame({"epsilon": [2e-3, 1e-3], "sharpness": [1.0, 0.0]})
    assert exponents(rows.assign(regime="SB"), ["regime"]).isna().all()
