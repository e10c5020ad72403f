"""Measures are repeated where a toy with a symmetry stays the same, and drift."""

from dataclasses import dataclass, field

import numpy as np
import pytest

import examples
from sharpminima.measures import invariance

EPSILON = 1e-3
SETTINGS = {
    **{"tolerance": 1e-9, "epsilons": [EPSILON]},
    "sharpness": {
        **examples.NO_SEARCH,
        **{"max_iterations": 20, "max_evaluations": 60},
        "full": {"lbfgsb": ["zero", "random"], "sign": []},
    },
    "average_sharpness": {"epsilons": [EPSILON], "pairs": 200},
}
ALPHAS = (1.0, 10.0, 100.0)


@dataclass(frozen=True)
class Point:
    parameters: np.ndarray
    averages: list = field(default_factory=list)


def at(alpha):
    return Point(np.array([alpha, 1.0 / alpha]))


class Toy:
    """f(a, b) = (ab - 1)^2 / 2, whose only logit is ab. It stands for a MeasuredLoss.

    It has the same logit at all (alpha, 1 / alpha), as two layers with a ReLU between.
    """

    def loss_and_accuracy(self, point, split):
        return self.at_averages([])(point.parameters)[0], 100.0

    def loss_accuracy_and_gradient(self, point):
        loss, gradient = self.at_averages([])(point.parameters)
        return loss, 100.0, gradient

    def at_averages(self, averages):
        def loss_and_gradient(x):
            residual = x[0] * x[1] - 1.0
            return 0.5 * residual**2, residual * x[::-1]

        return loss_and_gradient

    def largest_change_of_logits(self, start, end):
        return abs(np.prod(start.parameters) - np.prod(end.parameters))


def corner(alpha):
    """Return Metric 2.1 at (alpha, 1 / alpha): its box is highest in a corner."""
    both = (1 + EPSILON) ** 2 + EPSILON**2 - 1
    rise = both + EPSILON * (1 + EPSILON) * (alpha + 1 / alpha)
    return 100 * 0.5 * rise**2


def rows(forms, seed=0, **changes):
    settings = SETTINGS | changes
    return list(invariance.measure(Toy(), at(1.0), forms, settings, seed))


def searches(found):
    """Return the largest sharpness of each form over its searches."""
    values = {}
    for row in found:
        if row["measure"] == "sharpness":
            form = row["form"]
            values[form] = max(values.get(form, 0.0), row["sharpness"])
    return values


def test_metric_2_1_has_its_closed_form_and_drifts_along_the_symmetry():
    forms = [(f"alpha {alpha:g}", at(alpha)) for alpha in ALPHAS]
    # A search climbs into one of two corners, so take the higher one of a few.
    found = [searches(rows(forms, seed)) for seed in range(6)]
    for form, alpha in [("as trained", 1.0), *((f"alpha {a:g}", a) for a in ALPHAS)]:
        largest = max(values[form] for values in found)
        assert largest == pytest.approx(corner(alpha), rel=1e-6)
    printed = [float(f"{corner(alpha):.2g}") for alpha in ALPHAS]
    assert printed == [0.0008, 0.0073, 0.52]


def test_the_adaptive_box_does_not_drift():
    """Without the `+ 1` of equation 3 the corner is (1 + epsilon)^2 everywhere."""
    none = {"lbfgsb": [], "sign": []}
    adaptive = {"full": none, "adaptive": {"lbfgsb": [], "sign": ["corner"]}}
    settings = SETTINGS["sharpness"] | adaptive
    forms = [(f"alpha {alpha:g}", at(alpha)) for alpha in ALPHAS]
    found = [searches(rows(forms, seed, sharpness=settings)) for seed in range(6)]
    expected = 100 * 0.5 * ((1 + EPSILON) ** 2 - 1) ** 2
    for form, _ in forms:
        largest = max(values[form] for values in found)
        assert largest == pytest.approx(expected, rel=1e-6)


def test_the_mean_rise_drifts_as_well():
    """To second order its mean is (alpha^2 v_b + v_a / alpha^2) / 2."""
    found = rows([("scaled", at(10.0))])
    for row in found:
        if row["measure"] == "average_sharpness":
            alpha = 10.0 if row["form"] == "scaled" else 1.0
            variances = (EPSILON * (np.array([alpha, 1 / alpha]) + 1)) ** 2 / 3
            expected = 0.5 * variances @ np.array([alpha**-2, alpha**2])
            assert abs(row["average_rise"] - expected) < 4 * row["standard_error"]
            assert row["sharpness"] == pytest.approx(100 * row["average_rise"])
    assert [row["form"] for row in found].count("scaled") == 3


def test_what_changes_the_function_is_refused_with_a_sentence():
    found = rows([("scaled", Point(np.array([1.0, 1.01])))])
    kept, refused = (
        [row for row in found if row["form"] == form]
        for form in ("as trained", "scaled")
    )
    assert len(kept) == len(refused) == 3
    assert np.isfinite([row["sharpness"] for row in kept]).all()
    assert np.isnan([row["sharpness"] for row in refused]).all()
    expected = "refused: a logit changes by 0.01, and the tolerance is 1e-09"
    assert {row["message"] for row in refused} == {expected}
    assert refused[0]["logit_change"] == pytest.approx(0.01)


def test_a_change_that_is_no_number_is_refused():
    *_, last = rows([("scaled", Point(np.array([np.nan, 1.0])))])
    assert "a logit changes by nan" in last["message"]


def test_a_diverged_run_has_the_rows_of_a_point_as_trained_without_values():
    missing = list(invariance.not_measured(SETTINGS, 0, "diverged"))
    assert len(missing) == len(rows([]))
    for row, measured in zip(missing, rows([]), strict=True):
        for name in ("form", "measure", "space", "epsilon"):
            assert row[name] == measured[name]
        assert np.isnan(row["sharpness"])
        assert np.isnan(row["logit_change"])
        assert row["message"] == "diverged"


def test_without_epsilons_no_mean_rise_is_measured():
    assert {row["measure"] for row in rows([], average_sharpness={})} == {"sharpness"}


def test_a_plan_counts_every_form_and_its_certificate():
    config = {
        "sharpness": SETTINGS["sharpness"],
        "average_sharpness": SETTINGS["average_sharpness"],
        "invariance": {"forms": ["scaled", "permuted"], "epsilons": [1e-3, 5e-4]},
    }
    planned = invariance.planned(config, {})
    assert planned.searches == {"full": 3 * 2 * 2, "adaptive": 0, "subspace": 0}
    assert planned.train_losses == 1 + 3 * (2 + 1 + 2 * 200)
    del config["average_sharpness"]
    assert invariance.planned(config, {}).train_losses == 1 + 3 * 2
