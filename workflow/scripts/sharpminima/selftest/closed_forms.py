"""Closed forms of the measures beside our values, on the backend at hand.

Each entry of `CLOSED_FORMS` is one check. Losses are sums of a constant and

    slope      g . (x - c)
    bowl       sum_i h_i (x_i - c_i)^2 / 2
    product    (x_1 x_2 - 1)^2 / 2, which is the same at (a, 1 / a) for every a
    examples   a_j . x, the mean of which has the gradients a_j

Tolerances are relative. Most are that of float32. The others are four standard errors
of what is drawn at random.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from sharpminima import backend, streams
from sharpminima.backend import keras
from sharpminima.measures import (
    average_sharpness,
    barriers,
    curvature,
    curve,
    edge_of_stability,
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
from sharpminima.selftest.formulas import Problem

ops = keras.ops
EPSILON, SEED = 0.1, 0
FLOAT32, PAIRS = 1e-4, 400
C = np.array([1.0, -2.0, 0.5, 0.0, 3.0, -0.25])
G = np.array([0.5, -0.25, 0.125, 0.75, -0.0625, 0.25])
H = np.array([4.0, 2.0, 1.0, 0.5, 0.25, 0.0])
W = EPSILON * (np.abs(C) + 1.0)  # half-widths of the box around C, equation 3
A = 8.0  # where the product is measured: (A, 1 / A)
# A subspace of 100 columns, in a space of 400 dimensions where x = 0.
COLUMNS, DIMENSIONS = 100, 400
SECOND_MOMENTS = np.array([1.0, 64.0, 1.0, 1.0, 0.25, 1.0])
EXAMPLES = streams.generator("closed forms", SEED).normal(0.5, 1.0, (100, len(C)))
NONE = {"lbfgsb": [], "sign": []}
SEARCH = {
    **{"max_iterations": 20, "max_evaluations": 60},
    **{"full": NONE, "adaptive": NONE, "subspace": {**NONE, "draws": 0}},
    "reference": {"corners": 0, "patience": 8},
}


@cache
def slope() -> Problem:
    """Return the slope at its c."""
    return Problem.of(
        lambda _, x: ops.sum(np.float32(G) * (x - np.float32(C))) + 2.0, C
    )


@cache
def wide_slope() -> Problem:
    """Return a slope of norm 1 in many dimensions, at 0."""
    g = np.float32(np.full(DIMENSIONS, DIMENSIONS**-0.5))
    return Problem.of(lambda _, x: ops.sum(g * x) + 5.0, np.zeros(DIMENSIONS))


@cache
def bowl() -> Problem:
    """Return the bowl at its minimum c."""
    return Problem.of(
        lambda _, x: ops.sum(np.float32(H) * (x - np.float32(C)) ** 2) / 2.0 + 1.0, C
    )


@cache
def product() -> Problem:
    """Return the product at (A, 1 / A)."""
    return Problem.of(lambda _, x: (x[0] * x[1] - 1.0) ** 2 / 2.0 + 1.0, [A, 1.0 / A])


@cache
def examples() -> Problem:
    """Return the examples at 0."""
    return Problem.of(lambda a, x: ops.matmul(a, x) + 3.0, np.zeros(len(C)), EXAMPLES)


def largest(of: Callable[[], Problem], **searches) -> float:
    """Return Metric 2.1 (percent): the largest of these searches."""
    problem = of()
    settings = {**SEARCH, **searches}
    given = problem.f, problem.minimum, settings, [EPSILON], SEED
    return max(row["sharpness"] for row in sharpness.measure(*given))


def part(of: Callable[[], Problem], name: str) -> float:
    """Return a part of the rise (nats) that sign ascent finds in the full space."""
    problem = of()
    settings = {**SEARCH, "full": {**NONE, "sign": ["corner"]}}
    given = problem.f, problem.minimum, settings, [EPSILON], SEED
    (row,) = sharpness.measure(*given)
    return row[name]


def average(of: Callable[[], Problem]) -> float:
    """Return the mean rise in the box, nats."""
    problem = of()
    settings = {"epsilon": EPSILON, "pairs": PAIRS}
    x = problem.point.parameters
    return average_sharpness.measure(problem.value, x, settings, SEED)["average_rise"]


def at_end_of_curve(of: Callable[[], Problem], space: str) -> float:
    """Return the sharpness (percent) at the last epsilon of a curve of three."""
    problem = of()
    epsilons = [EPSILON / 4, EPSILON / 2, EPSILON]
    settings = {"epsilons": epsilons, "spaces": [space], "max_evaluations": 20}
    *_, row = curve.measure(problem.f, problem.minimum, settings)
    return row["sharpness"]


def on_path(of: Callable[[], Problem], path: str) -> float:
    """Return the loss halfway from c to 3 c on a path."""
    problem = of()
    measures = problem.loss.mixture((problem.at(C), problem.at(3.0 * C)))
    rows = interpolation.plots(measures, [0.5])
    return next(row["train_loss"] for row in rows if row["path"] == path)


def after_descent(of: Callable[[], Problem]) -> float:
    """Return the sharpness (percent) after a descent that begins beside the minimum."""
    problem = of()
    x = C + 0.5 * G
    start = Minimum(x, *problem.f(x))
    search = {**SEARCH, "full": {**NONE, "sign": ["corner"]}}
    target = {"gradient_norm": 1e-4, "max_gradients": 100}
    given = problem.f, start, search, target, [EPSILON], SEED
    (row,) = matched.measure(*given)
    return row["sharpness"]


def at_another_form(of: Callable[[], Problem], name: str) -> float:
    """Return a column of the product's other form, at (2 A, 1 / (2 A))."""
    problem = of()
    corners = {"full": NONE, "reference": {"corners": 16, "patience": 16}}
    settings = {"tolerance": 1e-3, "sharpness": {**SEARCH, **corners}}
    settings |= {"epsilons": [EPSILON], "average_sharpness": {"epsilons": []}}
    forms = [("scaled", problem.at([2.0 * A, 0.5 / A]))]
    given = problem.loss, problem.point, forms, settings, SEED
    *_, row = invariance.measure(*given)
    return row[name]


def at_iterate(of: Callable[[], Problem]) -> float:
    """Return the sharpness (percent) of the second of two iterates."""
    problem = of()
    iterates = [(0, problem.at(2.0 * C)), (1, problem.point)]
    settings = {**SEARCH, "full": {**NONE, "lbfgsb": ["zero"]}, "epsilon": EPSILON}
    *_, row = trajectory.measure(problem.loss, iterates, settings, SEED)
    return row["sharpness"]


def noise(of: Callable[[], Problem], name: str) -> float:
    """Return a column of the noise scale, from batches of a single example."""
    problem = of()
    gradients = problem.loss.gradients_of_batches()

    def at_point(batches):
        return gradients(problem.point, batches)

    settings = {"small_batches": [1], "pairs": 2}
    (row,) = noise_scale.measure(at_point, len(EXAMPLES), settings, SEED)
    return row[name]


def bend(of: Callable[[], Problem], name: str) -> float:
    """Return a column of the curvature."""
    problem = of()
    n = len(problem.point.parameters)
    settings = {"eigenvalues": 1, "tolerance": 1e-6, "products": n, "probes": 4}
    products = problem.loss.products(problem.point)
    whole, *_ = curvature.measure(products, [("x", slice(0, n))], settings, SEED)
    return whole[name]


def largest_node(of: Callable[[], Problem]) -> float:
    """Return the largest eigenvalue in the density of all of them."""
    problem = of()
    n = len(problem.point.parameters)
    product = problem.loss.products(problem.point).hessian
    settings = {"probes": 1, "products": n}
    rows = spectral_density.measure(product, n, settings, SEED)
    return max(row["eigenvalue"] for row in rows)


def at_edge(of: Callable[[], Problem], name: str, optimizer: str) -> float:
    """Return a column of the edge of stability, one beside the minimum."""
    problem = of()
    values = {"optimizer": optimizer, "momentum": 0.0, "beta_1": 0.9, "beta_2": 0.999}
    state = {"learning_rate": 0.01, "iterations": 1e6, "velocity": SECOND_MOMENTS}
    state |= {"momentum": np.zeros(len(C))} if optimizer == "adam" else {}
    at = edge_of_stability.Optimizer({**values, "epsilon": 0.0}, state)
    settings = {"products": len(C), "tolerance": 1e-6}
    settings |= {"batches": 10, "relative_error": 0.1}
    iterates = [(1, problem.at(C + 1.0), at, 1)]
    (row,) = edge_of_stability.measure(problem.loss, iterates, settings, SEED)
    return row[name]


def on_plane(of: Callable[[], Problem]) -> float:
    """Return the loss at c + 2 e_1 + 3 e_2, a corner of the plane through three."""
    problem = of()
    steps = np.eye(len(C))
    others = problem.at(C + 2.0 * steps[0]), problem.at(C + 3.0 * steps[1])
    settings = {"points": 2, "margin": 0.0}
    plane = surface.through(problem.point, *others, settings)
    *_, row = surface.measure(problem.loss.mixture, [plane])
    return row["train_loss"]


def between(of: Callable[[], Problem]) -> float:
    """Return the barrier between (A, 1 / A) and its negative."""
    problem = of()
    end = {"as trained": problem.at(-problem.point.parameters)}
    given = problem.loss.mixture, problem.point, end, 5
    return max(row["train_excess"] for row in barriers.measure(*given))


def _metric(rise, loss):
    return 100.0 * rise / (1.0 + loss)


def _rise_of_product(a):
    """Return the rise at the farthest corner of the box around (a, 1 / a)."""
    corner = (a + EPSILON * (a + 1.0)) * (1.0 / a + EPSILON * (1.0 / a + 1.0))
    return (corner - 1.0) ** 2 / 2.0


@dataclass(frozen=True)
class ClosedForm:
    """One check of a measure.

    Attributes:
        measure: The measure's name.
        value: Which value, of which loss.
        expected: Its closed form.
        found: Returns our value.
        tolerance: The largest relative error.
    """

    measure: str
    value: str
    expected: float
    found: Callable[[], float]
    tolerance: float = FLOAT32


SLOPES, BOWLS = float(np.abs(G) @ W), float(H @ W**2) / 2.0
SLOPES_ADAPTIVE = EPSILON * float(np.abs(G) @ np.abs(C))
# The mean of |N(0, 1)|, and its standard deviation as a share of it.
ABSOLUTE, SPREAD = np.sqrt(2.0 / np.pi), np.sqrt(np.pi / 2.0 - 1.0)
# The mean of u^2 for a uniform u in [-1, 1] is 1 / 3, and its variance 4 / 45.
AVERAGE = float(H @ W**2) / 6.0
SPREAD_OF_AVERAGE = np.sqrt(4.0 / 45.0 * np.sum((H * W**2 / 2.0) ** 2)) / AVERAGE
TRACE = float(EXAMPLES.var(axis=0, ddof=1).sum())
SQUARE = float(np.sum(EXAMPLES.mean(axis=0) ** 2))
CORNERS = {"corners": 16, "patience": 16}
# The bowl's curvature along its gradient at c + 1, where the gradient is h.
ALONG = float(np.sum(H**3) / np.sum(H**2))
OF_SUBSPACE = {"draws": 1, "dimensions": COLUMNS, **NONE, "sign": ["zero"]}


def _by(**starts):
    """Return the searches of one space."""
    return {**NONE, **starts}


# One entry for each check, and this is the only place that knows it.
CLOSED_FORMS = [
    ClosedForm(
        *("sharpness", "slope, full space, sign ascent", _metric(SLOPES, 2.0)),
        partial(largest, slope, full=_by(sign=["zero"])),
    ),
    ClosedForm(
        *("sharpness", "slope, full space, L-BFGS-B", _metric(SLOPES, 2.0)),
        partial(largest, slope, full=_by(lbfgsb=["zero"])),
    ),
    ClosedForm(
        *("sharpness", "slope, adaptive box", _metric(SLOPES_ADAPTIVE, 2.0)),
        partial(largest, slope, adaptive=_by(sign=["zero"])),
    ),
    ClosedForm(
        "sharpness",
        "slope, random subspace",
        _metric(EPSILON * COLUMNS * ABSOLUTE, 5.0),
        partial(largest, wide_slope, subspace=OF_SUBSPACE),
        4.0 * SPREAD / np.sqrt(COLUMNS),
    ),
    ClosedForm(
        *("sharpness", "bowl, full space, a corner", _metric(BOWLS, 1.0)),
        partial(largest, bowl, full=_by(sign=["corner"])),
    ),
    ClosedForm(
        *("sharpness", "product, full space", _metric(_rise_of_product(A), 1.0)),
        partial(largest, product, reference=CORNERS),
    ),
    ClosedForm("sharpness", "slope, its part", SLOPES, partial(part, slope, "linear")),
    ClosedForm("sharpness", "bowl, even part", BOWLS, partial(part, bowl, "even")),
    ClosedForm(
        *("average_sharpness", "bowl, mean rise", AVERAGE, partial(average, bowl)),
        4.0 * SPREAD_OF_AVERAGE / np.sqrt(PAIRS),
    ),
    ClosedForm(
        *("curve", "slope, full space", _metric(SLOPES, 2.0)),
        partial(at_end_of_curve, slope, "full"),
    ),
    ClosedForm(
        *("curve", "slope, adaptive box", _metric(SLOPES_ADAPTIVE, 2.0)),
        partial(at_end_of_curve, slope, "adaptive"),
    ),
    ClosedForm(
        *("interpolation", "bowl, halfway on the line", 1.0 + float(H @ C**2) / 2.0),
        partial(on_path, bowl, "linear"),
    ),
    ClosedForm(
        "interpolation",
        "bowl, halfway on the curve",
        1.0 + (np.sqrt(8.0) - 1.0) ** 2 * float(H @ C**2) / 2.0,
        partial(on_path, bowl, "curvilinear"),
    ),
    ClosedForm(
        *("matched", "bowl, after a descent", _metric(BOWLS, 1.0)),
        *(partial(after_descent, bowl), 1e-2),
    ),
    ClosedForm(
        *("invariance", "product, scaled", _metric(_rise_of_product(2.0 * A), 1.0)),
        partial(at_another_form, product, "sharpness"),
    ),
    ClosedForm(
        *("trajectory", "slope, an iterate", _metric(SLOPES, 2.0)),
        partial(at_iterate, slope),
    ),
    ClosedForm(
        *("noise_scale", "examples, tr(Sigma)", TRACE),
        partial(noise, examples, "noise_trace"),
    ),
    ClosedForm(
        *("noise_scale", "examples, noise scale", TRACE / SQUARE),
        partial(noise, examples, "noise_scale"),
    ),
    ClosedForm(
        *("curvature", "bowl, largest eigenvalue", H.max()),
        partial(bend, bowl, "largest_eigenvalue"),
    ),
    ClosedForm(
        *("curvature", "product, largest eigenvalue", A**2 + A**-2),
        partial(bend, product, "largest_eigenvalue"),
    ),
    ClosedForm("curvature", "bowl, trace", H.sum(), partial(bend, bowl, "trace")),
    ClosedForm(
        *("curvature", "bowl, Frobenius norm", float(np.linalg.norm(H))),
        partial(bend, bowl, "frobenius_norm"),
    ),
    ClosedForm(
        *("spectral_density", "bowl, largest eigenvalue", H.max()),
        partial(largest_node, bowl),
    ),
    ClosedForm(
        *("edge_of_stability", "bowl, Hessian", H.max()),
        partial(at_edge, bowl, "eigenvalue", "sgd"),
    ),
    ClosedForm(
        "edge_of_stability",
        "bowl, preconditioned",
        float((H / np.sqrt(SECOND_MOMENTS)).max()),
        partial(at_edge, bowl, "preconditioned_eigenvalue", "adam"),
    ),
    ClosedForm(
        *("edge_of_stability", "bowl, batch sharpness", ALONG),
        partial(at_edge, bowl, "batch_sharpness", "sgd"),
    ),
    ClosedForm(
        *("edge_of_stability", "bowl, critical sharpness", ALONG),
        *(partial(at_edge, bowl, "critical_sharpness", "sgd"), 1.0 / 16.0),
    ),
    ClosedForm(
        *("surface", "bowl, a corner of a plane", 1.0 + 2.0 * H[0] + 4.5 * H[1]),
        partial(on_plane, bowl),
    ),
    ClosedForm("barriers", "product", 0.5, partial(between, product)),
]


def rows(closed_forms: Iterable[ClosedForm] | None = None) -> Iterator[dict]:
    """Yield a row for each check: its columns, our value, and what computed it.

    Args:
        closed_forms: The checks; by default, all of them.
    """
    for check in CLOSED_FORMS if closed_forms is None else closed_forms:
        yield {**vars(check), "found": check.found(), **backend.describe()}
