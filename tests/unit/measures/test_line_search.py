"""The line search of Moré and Thuente against MINPACK-2's, as SciPy has it."""

import numpy as np
import pytest
from scipy.optimize import _dcsrch

from sharpminima.measures.line_search import LineSearch

MAX_STEPS = 20


def steps_of_minpack(phi, slope, first, longest):
    """Return the steps that SciPy's line search of Moré and Thuente tries."""
    line = _dcsrch.DCSRCH(phi, slope, 1e-3, 0.9, 0.1, 0.0, longest)
    step, value, derivative, task = first, phi(0.0), slope(0.0), b"START"
    steps = []
    while len(steps) < MAX_STEPS:
        step, value, derivative, task = line._iterate(step, value, derivative, task)
        if not task.startswith(b"FG"):
            break
        steps.append(step)
        value, derivative = phi(step), slope(step)
    return steps


def test_the_line_search_tries_the_steps_of_minpack():
    lengths = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        c = rng.normal(size=5) * 10 ** rng.uniform(-2, 2, 5)
        w = 10 ** rng.uniform(-1, 1.5)

        def phi(a, c=c, w=w):
            return np.polyval([c[0] ** 2, *c[1:3], 0.0, 0.0], a) - (
                abs(c[3]) * a + c[4] * (np.cos(w * a) - 1)
            )

        def slope(a, c=c, w=w):
            polynomial = np.polyder([c[0] ** 2, *c[1:3], 0.0, 0.0])
            return np.polyval(polynomial, a) - abs(c[3]) + c[4] * w * np.sin(w * a)

        longest = rng.choice([1.0, 3.0, 1e10])
        first = min(10 ** rng.uniform(-3, 0.5), longest)
        line, steps = LineSearch(phi(0.0), slope(0.0), first, longest), []
        while len(steps) < MAX_STEPS:
            steps.append(line.step)
            value, derivative = phi(line.step), slope(line.step)
            if line.accepts(value, derivative):
                break
            line.advance(value, derivative)
        expected = steps_of_minpack(phi, slope, first, longest)
        assert steps == pytest.approx(expected, rel=1e-6)
        lengths.append(len(steps))
    assert max(lengths) > 5
