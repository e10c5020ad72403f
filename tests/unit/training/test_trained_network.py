"""Metric 2.1 on a real minimum: F1 trained with large batches on real digits."""

import numpy as np
import pytest

from project import ROOT, default_config
from sharpminima import backend
from sharpminima.data import datasets
from sharpminima.data.readers import registry
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.measures.lbfgsb import minimise
from sharpminima.measures.maximisers import Minimum, maximise, starting_z
from sharpminima.measures.spaces import FullSpace, box_half_widths, metric
from sharpminima.networks.parameters import point_of
from sharpminima.regimes.settings import of_regime
from sharpminima.training.fit import fit
from sharpminima.training.start import starting_point

pytestmark = [pytest.mark.slow, pytest.mark.computes]
CONFIG = default_config()
EPSILON, EPOCHS = 1e-3, 25


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
def measured(trained):
    """Return a function that measures with the factor multiplied by `scale`."""
    f, minimum = trained
    widths = box_half_widths(minimum.x, EPSILON)

    def measure(scale, start="zero"):
        # The box is given, so that this epsilon makes the factor and nothing else.
        ascent = maximise(
            f,
            minimum,
            space=FullSpace(),
            half_widths=widths,
            epsilon=scale * EPSILON,
            start=starting_z(start, widths, seed=0),
            max_iterations=10,
            max_evaluations=40,
        )
        return metric(ascent.loss_before, ascent.loss_after)

    return measure


@pytest.fixture(scope="module")
def value(measured):
    return measured(1.0)


@pytest.fixture(scope="module")
def largest(measured, value):
    """The sharpness as the study has it: the largest over the config's starts."""
    others = [s for s in CONFIG["sharpness"]["full"]["starts"] if s != "zero"]
    return max(value, *(measured(1.0, start) for start in others))


def test_the_minimum_is_sharp(value):
    assert value > 50


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_the_value_does_not_hang_on_the_factor(measured, value, scale):
    assert measured(scale) == pytest.approx(value, rel=0.2)


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_sign_gradient_steps_find_nothing_much_sharper(trained, largest, share):
    """Ten steps of `share` of the box along the gradient's sign, clipped to it."""
    f, minimum = trained
    widths = box_half_widths(minimum.x, EPSILON)
    z, gradient, highest = np.zeros_like(widths), minimum.gradient, minimum.loss
    for _ in range(10):
        z = np.clip(z + share * widths * np.sign(gradient), -widths, widths)
        loss, gradient = f(minimum.x + z)
        highest = max(highest, loss)
    rise = 100 * (highest - minimum.loss) / (1 + minimum.loss)
    assert rise <= 1.2 * largest


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_solvers_find_the_same_loss(trained, dtype):
    """Up to the noise of float32, by which SciPy parts from itself.

    A start moved by 1e-9 of the box moves SciPy's loss by 7e-5 to 1e-3, and decides
    whether SciPy takes 11 evaluations or 12.
    """
    f, minimum = trained
    widths = box_half_widths(minimum.x, EPSILON)
    limits = {"max_iterations": 10, "max_evaluations": 40}
    zero = np.zeros_like(widths)
    by_scipy = maximise(
        *(f, minimum),
        **{"space": FullSpace(), "half_widths": widths, "epsilon": EPSILON},
        **{"start": zero, **limits},
    )

    def negated_loss(z):
        loss, gradient = f(minimum.x + z)
        return -by_scipy.factor * loss, -by_scipy.factor * gradient

    ours = minimise(negated_loss, zero.astype(dtype), -widths, widths, **limits)
    loss = -ours.value / by_scipy.factor
    assert loss == pytest.approx(by_scipy.loss_after, rel=1e-3)
    assert ours.iterations == by_scipy.iterations
    assert abs(ours.evaluations - by_scipy.evaluations) <= 1
