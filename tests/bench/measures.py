"""The measures: one gradient, one sharpness, one parametric plot, and their rivals."""

import dataclasses
from collections.abc import Iterator

import cases
import numpy as np
import pandas as pd
import timing
from scipy import optimize

from sharpminima.backend import keras
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.measures import interpolation, maximisers, surface
from sharpminima.measures.spaces import Box, FullSpace, box_half_widths
from sharpminima.networks.parameters import Point, flatten, point_of

GRADIENTS = {"F1": 5000, "C1": 1000}
EPSILON, POINTS, POINTS_OF_LINE = 1e-3, 25, 11
SEARCH = {"max_iterations": 10, "max_evaluations": 40}


def gradient_rows(cores: int) -> Iterator[dict]:
    """Yield the timings of one full-batch loss and gradient."""
    for network, examples in GRADIENTS.items():
        case = f"{network}, {examples} examples"
        for row in timing.alternate(_gradients(network, examples)):
            yield {"benchmark": "loss and gradient", "case": case, **row}


def _gradients(network, examples):
    dataset = cases.noise(network, examples)
    model = cases.model(network, dataset)
    f, x = _function(model, dataset)
    variants = {"sharpminima": lambda: f(x)}
    if keras.backend.backend() == "tensorflow":
        variants["eager tape"] = lambda: _eager(model, dataset, x)
    return variants


def sharpness_rows(cores: int) -> Iterator[dict]:
    """Yield the timings of a full-space search, of its parts, and of the plain way."""
    dataset = cases.digits()
    model = cases.model("F1", dataset)
    f, x = _function(model, dataset)
    parts = []
    variants = {
        "sharpminima": lambda: parts.append(_parts(f, x)),
        "sign ascent from a corner": lambda: _search("sign", f, x, "corner"),
        "compiled gradient, SciPy": lambda: _by_scipy(f, x),
    }
    if keras.backend.backend() == "tensorflow":
        variants["set_weights, eager tape, SciPy"] = lambda: _by_scipy(
            lambda point: _eager(model, dataset, point), x
        )
    case = f"F1, {len(dataset.x_train)} digits, epsilon {EPSILON:g}, from zero"
    for row in timing.alternate(variants):
        yield {"benchmark": "sharpness", "case": case, **row}
    for part, seconds in pd.DataFrame(parts[1:]).median().items():
        yield {"benchmark": "sharpness", "case": case, "variant": part} | {
            "seconds": seconds
        }


def plot_rows(cores: int) -> Iterator[dict]:
    """Yield the timings of one straight parametric plot of 25 points."""
    dataset = cases.digits()
    model = cases.model("F1", dataset)
    point = point_of(model)
    start, end = point.parameters, point.parameters + 0.01
    alphas = interpolation.alphas(start=-1.0, stop=2.0, count=POINTS)
    loss = MeasuredLoss(model, dataset, **cases.EVALUATION)
    between = loss.mixture([point, Point(end, point.averages)])

    def ours():
        for alpha in alphas:
            weights = interpolation.linear(alpha)
            between(weights, weights)

    variants = {"sharpminima": ours}
    vectors = [alpha * end + (1 - alpha) * start for alpha in alphas]
    for jit in (True, False):
        for size in (256, 1000, 4000):
            name = f"set_weights + evaluate, batch {size}, jit_compile={jit}"
            variants[name] = _evaluating(dataset, vectors, size, jit)
    case = f"F1, {POINTS} points, 4000 + 1000 digits"
    for row in timing.alternate(variants):
        yield {"benchmark": "parametric plot", "case": case, **row}


def surface_rows(cores: int) -> Iterator[dict]:
    """Yield the timings of one line of a surface.

    Rivals take Keras' own batch size of 32, as one would write it, or whole sets.
    """
    dataset = cases.digits()
    model = cases.model("F1", dataset)
    point = point_of(model)
    shapes = [tuple(variable.shape) for variable in model.trainable_variables]
    settings = {"points": POINTS_OF_LINE, "planes": 1, "reach": 1.0}
    (plane,) = surface.random_planes(point, shapes, settings, 0, "SB")
    loss = MeasuredLoss(model, dataset, **cases.EVALUATION)
    line = dataclasses.replace(plane, y=plane.y[:1])
    first, second = (axis.parameters for axis in plane.axes)
    vectors = [point.parameters + x * first + line.y[0] * second for x in plane.x]
    variants = {"sharpminima": lambda: list(surface.measure(loss.mixture, [line]))}
    for size in (32, 4000):
        for jit in (True, False):
            name = f"set_weights + evaluate, batch {size}, jit_compile={jit}"
            variants[name] = _evaluating(dataset, vectors, size, jit)
    case = f"F1, {POINTS_OF_LINE} points, 4000 + 1000 digits"
    for row in timing.alternate(variants):
        yield {"benchmark": "surface", "case": case, **row}


def _function(model, dataset):
    """Return the loss with its gradient as a function of x, and where `model` is."""
    loss, point = MeasuredLoss(model, dataset, **cases.EVALUATION), point_of(model)
    return loss.at_averages(point.averages), point.parameters


def _set_weights(model, x):
    at = 0
    for variable in model.trainable_variables:
        size = int(np.prod(variable.shape))
        variable.assign(x[at : at + size].reshape(variable.shape))
        at += size


def _eager(model, dataset, x):
    """Return loss and gradient the straightforward way: nothing is compiled."""
    import tensorflow as tf

    _set_weights(model, x)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        loss = loss_of(dataset.y_train, model(dataset.x_train, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    return float(loss), flatten(gradients)


def _search(maximiser, loss_and_gradient, x, start="zero"):
    minimum = maximisers.Minimum(x, *loss_and_gradient(x))
    box = Box(FullSpace(), EPSILON, box_half_widths(x, EPSILON))
    place = maximisers.starting_place(start, minimum, box, seed=0)
    given = loss_and_gradient, minimum, box, place
    return maximisers.maximise(maximiser, *given, **SEARCH)


def _by_scipy(loss_and_gradient, x):
    """Search as one would by hand: SciPy's solver, the same scaling, the same box."""
    half_widths, gradient = box_half_widths(x, EPSILON), loss_and_gradient(x)[1]
    factor = 100 * EPSILON / np.abs(gradient).max()

    def negated(z):
        loss, gradient = loss_and_gradient(x + z)
        return -factor * loss, -factor * gradient

    return optimize.minimize(
        negated,
        np.zeros_like(x),
        jac=True,
        method="L-BFGS-B",
        bounds=optimize.Bounds(-half_widths, half_widths),
        options={"maxiter": SEARCH["max_iterations"], "ftol": 0.0, "gtol": 0.0},
    )


def _parts(loss_and_gradient, x):
    """Search; return the seconds in the gradient, and those of all else."""
    gradient = timing.Clock()
    whole = timing.timed(lambda: _search("lbfgsb", gradient(loss_and_gradient), x))
    return {
        "of it in the compiled gradient": gradient.seconds,
        "of it in the solver": whole - gradient.seconds,
    }


def _evaluating(dataset, vectors, size, jit):
    model = cases.model("F1", dataset)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, metrics=["accuracy"], jit_compile=jit)

    def run():
        for x in vectors:
            _set_weights(model, x)
            for x, y in (
                (dataset.x_train, dataset.y_train),
                (dataset.x_test, dataset.y_test),
            ):
                model.evaluate(x, y, batch_size=size, verbose=0)

    return run
