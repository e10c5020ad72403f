"""The measures: one gradient, one sharpness, one parametric plot, and their rivals."""

from collections.abc import Iterator

import cases
import numpy as np
import timing
from scipy.optimize import Bounds, minimize

from sharpminima import interpolation, sharpness
from sharpminima.backend import keras
from sharpminima.evaluation import EvaluationNetwork
from sharpminima.parameters import flatten

GRADIENTS = {"F1": 5000, "C1": 1000}
EPSILON, POINTS = 1e-3, 25
SEARCH = {"max_iterations": 10, "max_evaluations": 40}


def gradient_rows() -> Iterator[dict]:
    """Yield the timings of one full-batch loss and gradient."""
    for network, examples in GRADIENTS.items():
        case = f"{network}, {examples} examples"
        for row in timing.alternate(_gradients(network, examples)):
            yield {"benchmark": "loss and gradient", "case": case, **row}


def _gradients(network, examples):
    dataset = cases.noise(network, examples)
    model = cases.model(network, dataset)
    function = EvaluationNetwork(model, dataset, **cases.EVALUATION)
    x = flatten(model.trainable_variables)
    variants = {"sharpminima": lambda: function.loss_and_gradient(x)}
    if keras.backend.backend() == "tensorflow":
        variants["eager tape"] = lambda: _eager(model, dataset, x)
    return variants


def sharpness_rows() -> Iterator[dict]:
    """Yield the timings of one full-space search, its floor, and the plain way."""
    dataset = cases.digits()
    model = cases.model("F1", dataset)
    function = EvaluationNetwork(model, dataset, **cases.EVALUATION)
    x = flatten(model.trainable_variables)
    seen = _recorded(function.loss_and_gradient, x)
    variants = {
        "sharpminima": lambda: _search(function.loss_and_gradient, x),
        "floor: SciPy": lambda: _replay(seen, x),
        "floor: bare gradients": lambda: [
            function.loss_and_gradient(point) for point in seen["points"]
        ],
    }
    if keras.backend.backend() == "tensorflow":
        variants["set_weights, eager tape, SciPy"] = lambda: _search(
            lambda point: _eager(model, dataset, point), x
        )
    case = f"F1, {len(dataset.x_train)} digits, epsilon {EPSILON:g}, from zero"
    for row in timing.alternate(variants):
        yield {"benchmark": "sharpness", "case": case, **row}


def plot_rows() -> Iterator[dict]:
    """Yield the timings of one straight parametric plot of 25 points."""
    dataset = cases.digits()
    model = cases.model("F1", dataset)
    function = EvaluationNetwork(model, dataset, **cases.EVALUATION)
    start = flatten(model.trainable_variables)
    end = start + 0.01
    alphas = interpolation.alphas(start=-1.0, stop=2.0, count=POINTS)

    between = function.between(start, end)

    def ours():
        for alpha in alphas:
            between(1.0 - alpha, alpha)

    variants = {"sharpminima": ours}
    for jit in (True, False):
        for size in (256, 1000, 4000):
            name = f"set_weights + evaluate, batch {size}, jit_compile={jit}"
            variants[name] = _evaluating(dataset, start, end, alphas, size, jit)
    case = f"F1, {POINTS} points, 4000 + 1000 digits"
    for row in timing.alternate(variants):
        yield {"benchmark": "parametric plot", "case": case, **row}


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


def _half_widths(x):
    return sharpness.box_half_widths(x, EPSILON)


def _search(loss_and_gradient, x):
    return sharpness.maximise(
        loss_and_gradient,
        sharpness.Minimum.at(loss_and_gradient, x),
        space=sharpness.FullSpace(),
        half_widths=_half_widths(x),
        epsilon=EPSILON,
        start=np.zeros_like(x),
        **SEARCH,
    )


def _recorded(loss_and_gradient, x):
    """Return where a search evaluates and what it finds, and its scale."""
    points, values = [], []

    def recording(point):
        value = loss_and_gradient(point)
        points.append(point)
        values.append(value)
        return value

    factor = _search(recording, x).factor
    return {"points": points, "values": values, "factor": factor}


def _replay(seen, x):
    """Run SciPy on the answers of a search, so that only SciPy takes time."""
    answers = iter(
        [(-seen["factor"] * f, -seen["factor"] * g) for f, g in seen["values"]]
    )
    widths = _half_widths(x)
    minimize(
        lambda z: next(answers),
        np.zeros_like(x),
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(-widths, widths),
        options={"maxiter": SEARCH["max_iterations"], "ftol": 0.0, "gtol": 0.0},
    )


def _evaluating(dataset, start, end, alphas, size, jit):
    model = cases.model("F1", dataset)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, metrics=["accuracy"], jit_compile=jit)

    def run():
        for alpha in alphas:
            _set_weights(model, alpha * end + (1 - alpha) * start)
            for x, y in (
                (dataset.x_train, dataset.y_train),
                (dataset.x_test, dataset.y_test),
            ):
                model.evaluate(x, y, batch_size=size, verbose=0)

    return run
