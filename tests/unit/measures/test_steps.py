"""A measure that was stopped and goes on has the rows of one that was not."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from sharpminima.jobs import unfinished
from sharpminima.jobs.cost import NOTHING, Work
from sharpminima.jobs.unfinished import Steps
from sharpminima.measures import (
    average_sharpness,
    barriers,
    curvature,
    curve,
    interpolation,
    invariance,
    matched,
    noise_scale,
    sharpness,
    spectral_density,
    surface,
    trajectory,
)
from sharpminima.measures.maximisers import Minimum
from stopped import Stopping, sittings

RNG = np.random.default_rng(0)
CENTRE = RNG.normal(size=20)
SEARCH = {
    **{"max_iterations": 5, "max_evaluations": 9},
    "full": {"lbfgsb": ["zero", "random"], "sign": ["lbfgsb", "corner"]},
    "adaptive": {"lbfgsb": [], "sign": ["zero"]},
    "subspace": {"dimensions": 3, "draws": 2, "lbfgsb": ["zero"], "sign": ["lbfgsb"]},
    "reference": {"corners": 2, "patience": 1},
}
AVERAGE = {"epsilon": 0.1, "pairs": 4}


@dataclass(frozen=True)
class Point:
    parameters: np.ndarray
    averages: list = field(default_factory=list)


POINT = Point(CENTRE + 0.1 * RNG.normal(size=20))


class Loss:
    """A loss with a cubic part around a centre. It stands for a MeasuredLoss."""

    def __init__(self):
        self.work = NOTHING

    def f(self, x):
        self.work += Work(gradient_evaluations=1)
        d = np.float64(x) - CENTRE
        return float(d @ d / 2 + np.abs(d**3).sum()), d + 3 * d * np.abs(d)

    def loss_accuracy_and_gradient(self, point):
        loss, gradient = self.f(point.parameters)
        return loss, 90.0, gradient

    def loss_and_accuracy(self, point, split):
        self.work += Work(forward_examples=1)
        return self.f(point.parameters)[0], 80.0

    def at_averages(self, averages):
        return self.f

    def hessian(self, v):
        self.work += Work(gradient_examples=2)
        # What the parameters of the loss would give, with a part beside the diagonal.
        return CENTRE * v + CENTRE.sum() * v[::-1]

    gauss_newton = hessian

    def measures(self, point):
        loss = self.f(point.parameters)[0]
        return {"train_loss": loss, "test_loss": loss / 2}

    def mixture(self, points):
        def measures(weights, shares):
            x = sum(w * point.parameters for w, point in zip(weights, points))
            return self.measures(Point(x))

        return measures

    def largest_change_of_logits(self, start, end):
        self.work += Work(forward_examples=2)
        return 0.0


def minimum(loss):
    return Minimum(POINT.parameters, *loss.f(POINT.parameters))


def of_sharpness(loss, step):
    return sharpness.measure(loss.f, minimum(loss), SEARCH, [1e-2, 0.1], 0, step)


def of_curve(loss, step):
    settings = {"epsilons": [1e-3, 1e-2, 0.1], "spaces": ["full", "adaptive"]}
    settings["max_evaluations"] = 9
    return curve.measure(loss.f, minimum(loss), settings, step)


def of_matched(loss, step):
    target = {"gradient_norm": 1e-3, "max_gradients": 20}
    given = loss.f, minimum(loss), SEARCH, target, [1e-2], 0
    return matched.measure(*given, step)


def of_average_sharpness(loss, step):
    def mean_loss(x):
        return loss.f(x)[0]

    x = POINT.parameters
    return [average_sharpness.measure(mean_loss, x, AVERAGE, 0, step)]


def of_invariance(loss, step):
    settings = {"tolerance": 1.0, "sharpness": SEARCH, "epsilons": [1e-2]}
    settings["average_sharpness"] = {"epsilons": [0.1], "pairs": 3}
    moved = replace(POINT, parameters=POINT.parameters + 0.01)
    return invariance.measure(loss, POINT, [("a", moved)], settings, 0, step)


def of_trajectory(loss, step):
    points = [(e, replace(POINT, parameters=e * POINT.parameters)) for e in range(5)]
    return trajectory.measure(loss, points, SEARCH | {"epsilon": 0.1}, 0, step)


def of_curvature(loss, step):
    parts = [("first", slice(0, 5)), ("second", slice(5, 20))]
    settings = {"eigenvalues": 2, "products": 6, "probes": 3, "tolerance": 1e-3}
    return curvature.measure(loss, parts, settings, 0, step)


def of_spectral_density(loss, step):
    settings = {"probes": 2, "products": 4}
    return spectral_density.measure(loss.hessian, 20, settings, 0, step)


def of_interpolation(loss, step):
    measures = loss.mixture([Point(CENTRE), POINT])
    return interpolation.plots(measures, [0.0, 0.5, 1.0], step)


def of_surface(loss, step):
    settings = {"points": 3, "margin": 0.1, "planes": 2, "reach": 1.0}
    first, second = Point(CENTRE), Point(2 * CENTRE)
    planes = [surface.through(POINT, first, second, settings)]
    planes += surface.random_planes(POINT, [(10, 2)], settings, 0, "SB")
    yield from surface.measure(loss.mixture, planes, step)
    yield from surface.places(loss, planes[0], {"SB": first}, [], step)


def of_barriers(loss, step):
    ends = {"as trained": POINT, "matched": Point(2 * CENTRE)}
    return barriers.measure(loss.mixture, Point(CENTRE), ends, 4, step)


def of_noise_scale(loss, step):
    def gradients(batches):
        return (loss.f(CENTRE + indices.mean())[1] for indices in batches)

    settings = {"small_batches": [4, 5], "pairs": 3}
    return noise_scale.measure(gradients, 20, settings, 0, step)


MEASURES = [
    *(of_sharpness, of_curve, of_matched, of_average_sharpness),
    *(of_invariance, of_trajectory, of_interpolation, of_surface, of_barriers),
    *(of_curvature, of_spectral_density, of_noise_scale),
]


def measured(measure, folder, states):
    """Return the rows, and the work of all sittings but for what is not a step."""
    loss = Loss()
    rows = list(measure(loss, Steps(Stopping(folder, states), loss)))
    return [{**row, "seconds": 0} for row in rows], loss.work


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("states", [1, 2])
def test_a_stopped_measure_ends_like_one_that_was_not(tmp_path, measure, states):
    plain = list(measure(Loss(), unfinished.now))
    whole = measured(measure, tmp_path / "whole", None)
    assert repr(whole[0]) == repr([{**row, "seconds": 0} for row in plain])

    def sitting(states):
        return measured(measure, tmp_path / "stopped", states)

    resumed, stopped = sittings(sitting, states)
    assert repr(resumed) == repr(whole)
    assert stopped >= 2


def test_what_is_done_is_not_computed_again(tmp_path, monkeypatch):
    rows, _ = measured(of_sharpness, tmp_path, None)
    computed, f = [], Loss.f
    monkeypatch.setattr(Loss, "f", lambda self, x: computed.append(x) or f(self, x))
    assert repr(measured(of_sharpness, tmp_path, None)[0]) == repr(rows)
    # The minimum is no step: each sitting computes its loss once.
    assert len(computed) == 1
