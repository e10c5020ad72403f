"""L-BFGS-B on an objective that costs little: the project's against SciPy's."""

from collections.abc import Iterator

import numpy as np
import timing
from scipy import optimize

from sharpminima.measures import lbfgsb
from sharpminima.measures.spaces import box_half_widths

# As many variables as F1 has parameters; a box and a factor as a search has them.
VARIABLES, EPSILON, ITERATIONS, ROUNDS = 1_462_794, 1e-3, 10, 3


def rows(cores: int) -> Iterator[dict]:
    """Yield the timings of one search of ten iterations."""
    objective, half_widths = separable()
    start = np.zeros(VARIABLES)

    def ours():
        limits = {"max_iterations": ITERATIONS, "max_evaluations": 100}
        lbfgsb.minimise(objective, start, -half_widths, half_widths, **limits)

    def scipy():
        optimize.minimize(
            objective,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=optimize.Bounds(-half_widths, half_widths),
            options={"maxiter": ITERATIONS, "ftol": 0.0, "gtol": 0.0},
        )

    case = f"{VARIABLES} variables, {ITERATIONS} iterations"
    for row in timing.alternate({"sharpminima": ours, "SciPy": scipy}, ROUNDS):
        yield {"benchmark": "solver", "case": case, **row}


def separable():
    """Return a separable quadratic and its box: a fifth of the curvatures is negative.

    The others make each iteration keep its pair. With negative curvatures alone every
    update would be skipped, and most of the solver would stay untimed.
    """
    rng = np.random.default_rng(0)
    half_widths = box_half_widths(0.05 * rng.standard_normal(VARIABLES), EPSILON)
    curvatures = 10.0 ** rng.uniform(-1.5, 1.5, VARIABLES)
    slope = curvatures * half_widths * rng.uniform(-1.6, 1.6, VARIABLES)
    curvatures *= rng.choice([-1, 1, 1, 1, 1], VARIABLES)
    factor = 100 * EPSILON / np.abs(slope).max()
    curvatures, slope = factor * curvatures, factor * slope

    def objective(z):
        gradient = curvatures * z
        value = 0.5 * z @ gradient + slope @ z
        gradient += slope
        return value, gradient

    return objective, half_widths
