"""Metric 2.1 on a real minimum: F1 trained with large batches on real digits."""

import dataclasses
from itertools import chain

import numpy as np
import pytest
from scipy import optimize

from project import ROOT, default_config
from sharpminima import backend
from sharpminima.data import datasets
from sharpminima.data.readers import registry
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.measures.lbfgsb import minimise
from sharpminima.measures.maximisers import Minimum, maximise, starting_place
from sharpminima.measures.spaces import Box, FullSpace, box_half_widths, metric
from sharpminima.networks.parameters import point_of
from sharpminima.regimes.settings import of_regime
from sharpminima.training.fit import fit
from sharpminima.training.start import starting_point

pytestmark = [pytest.mark.slow, pytest.mark.computes]
CONFIG = default_config()
EPSILON, EPOCHS = 1e-3, 25
LIMITS = {"max_iterations": 10, "max_evaluations": 40}


@pytest.fixture(scope="module")
def trained():
    """The loss and gradient of F1, and the large-batch minimum of seed 0."""
    way = backend.describe()["way"]
    backend.compile_by(backend.WAYS[1])  # the faster one for dense layers
    declared = CONFIG["datasets"]["mnist5k"]
    folder = ROOT / "workflow/resources/mnist5k"
    paths = {name: folder / name for name in declared["files"]}
    arrays = registry.load(paths, reader="idx", declared=declared)
    dataset = datasets.Dataset(**arrays)
    settings = {**of_regime(CONFIG, "LB"), "seed": 0}
    settings["stopping"] = settings["stopping"] | {"max_epochs": EPOCHS}
    model = starting_point(CONFIG["networks"]["F1"], dataset, 0)
    measured = MeasuredLoss(model, dataset, **CONFIG["evaluation"])
    list(fit(model, dataset, settings, measured))
    point = point_of(model)
    f, x = measured.at_averages(point.averages), point.parameters
    yield f, Minimum(x, *f(x))
    backend.compile_by(way)


@pytest.fixture(scope="module")
def box(trained):
    _, minimum = trained
    return Box(FullSpace(), EPSILON, box_half_widths(minimum.x, EPSILON))


@pytest.fixture(scope="module")
def measured(trained, box):
    """Return a function: what one search finds, from a start or from another end."""

    def measure(maximiser, start="zero", scale=1.0):
        if isinstance(start, str):
            start = starting_place(start, trained[1], box, seed=0)
        # The box stays as it is: this epsilon makes the factor and nothing else.
        scaled = dataclasses.replace(box, epsilon=scale * EPSILON)
        return maximise(maximiser, *trained, scaled, start, **LIMITS)

    return measure


@pytest.fixture(scope="module")
def lbfgsb(measured):
    return measured("lbfgsb")


@pytest.fixture(scope="module")
def largest(measured, lbfgsb):
    """The loss that the default study finds."""
    polish, corner = measured("sign", lbfgsb.end), measured("sign", "corner")
    return max(lbfgsb.loss_after, polish.loss_after, corner.loss_after)


def value(ascent):
    return metric(ascent.loss_before, ascent.loss_after)


def test_the_minimum_is_sharp(lbfgsb):
    assert value(lbfgsb) > 50


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_the_value_does_not_hang_on_the_factor(measured, lbfgsb, scale):
    found = value(measured("lbfgsb", scale=scale))
    assert found == pytest.approx(value(lbfgsb), rel=0.2)


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_steps_of_a_share_of_the_box_find_nothing_much_sharper(
    trained, box, largest, share
):
    """Ten steps of `share` of the box along the gradient's sign, clipped to it."""
    f, minimum = trained
    widths = box.half_widths
    z, gradient, highest = np.zeros_like(widths), minimum.gradient, minimum.loss
    for _ in range(10):
        z = np.clip(z + share * widths * np.sign(gradient), -widths, widths)
        loss, gradient = f(minimum.x + z)
        highest = max(highest, loss)
    assert highest - minimum.loss <= 1.2 * (largest - minimum.loss)


def test_our_solver_and_scipys_find_the_same_loss(trained, box, lbfgsb):
    """In float32 as the study searches, and in float64, up to the noise of the loss.

    A start moved by 1e-9 of the box moves SciPy's loss by 7e-5 to 1e-3, and can make
    SciPy take another evaluation. So ours must be one of SciPy's own numbers.
    """
    f, minimum = trained
    factor = 100 * EPSILON / float(np.abs(minimum.gradient).max())
    half_widths, zero = box.half_widths, np.zeros_like(box.half_widths)

    def negated_loss(z):
        loss, gradient = f(minimum.x + z)
        return -factor * loss, -factor * gradient.astype(float)

    def by_scipy(share):
        return optimize.minimize(
            negated_loss,
            share * half_widths,
            jac=True,
            method="L-BFGS-B",
            bounds=optimize.Bounds(-half_widths, half_widths),
            options={"maxiter": LIMITS["max_iterations"], "ftol": 0.0, "gtol": 0.0},
        )

    found = by_scipy(0.0)
    in_float64 = minimise(negated_loss, zero, -half_widths, half_widths, **LIMITS)
    for loss in (lbfgsb.loss_after, -in_float64.value / factor):
        assert loss == pytest.approx(-found.fun / factor, rel=1e-3)
    for ours in (lbfgsb, in_float64):
        assert ours.iterations == found.nit
        scipys = chain([found], map(by_scipy, (1e-9, -1e-9)))
        assert any(ours.evaluations == each.nfev for each in scipys)
