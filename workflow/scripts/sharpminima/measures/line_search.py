"""The line search of Moré and Thuente, for `lbfgsb`.

Source, MT: Moré, Thuente 1994, "Line search algorithms with guaranteed sufficient
decrease", ACM TOMS 20, 286-307, with the interval's rules as in MINPACK-2. phi(step) is
the function along the direction.
"""

from typing import NamedTuple

import numpy as np

# Sufficient decrease, curvature, relative width of the last interval.
DECREASE, CURVATURE, WIDTH = 1e-3, 0.9, 0.1


class _Probe(NamedTuple):
    """A step along the direction, with value and slope there."""

    step: float
    value: float
    slope: float

    def tilted(self, slope):
        """Return the probe of psi(step) = phi(step) - slope step (MT 2.1)."""
        return _Probe(self.step, self.value - slope * self.step, self.slope - slope)


class LineSearch:
    """One search: try `step`, ask whether it `accepts` the outcome, or `advance`.

    Attributes:
        slope: The slope at 0.
        step: The step to try.
        bracketed: Whether a minimiser lies between two steps that were tried.

    Args:
        value: phi(0).
        slope: phi'(0), below 0.
        first: The first step to try, at most the longest.
        longest: The longest step to try.
    """

    def __init__(self, value: float, slope: float, first: float, longest: float):
        self.slope, self.step = slope, first
        self._value, self._longest = value, longest
        self._enough = DECREASE * slope
        # `best` has the least value so far; `other` is the far end of the interval.
        self._best = self._other = _Probe(0.0, value, slope)
        self.bracketed, self._modified = False, True
        self._low, self._high = 0.0, 5.0 * first
        self._widths = 2.0 * longest, longest

    def gain(self) -> float:
        """Return how far below phi(0) the slope at the best step puts the next one."""
        best = self._best
        return self._value - best.value - best.slope * (self.step - best.step)

    def accepts(self, value: float, slope: float) -> bool:
        """Return whether the search ends at the step that was tried."""
        # MT 1.1 and 1.2: sufficient decrease and curvature. Then MINPACK-2's warnings.
        line = self._value + self.step * self._enough
        converged = value <= line and abs(slope) <= -CURVATURE * self.slope
        at_longest = self.step == self._longest
        at_longest = at_longest and value <= line and slope <= self._enough
        at_shortest = self.step == 0.0 and (value > line or slope >= self._enough)
        return converged or at_longest or at_shortest or self._exhausted()

    def _exhausted(self):
        """Return whether the interval is too narrow to go on."""
        outside = not self._low < self.step < self._high
        narrow = self._high - self._low <= WIDTH * self._high
        return self.bracketed and (outside or narrow)

    def advance(self, value: float, slope: float) -> None:
        """Choose the next step from the value and slope at the one that was tried."""
        trial = _Probe(self.step, value, slope)
        line = self._value + self.step * self._enough
        # MT, section 4: once psi is not positive and rises, phi itself is used.
        if value <= line and slope >= 0.0:
            self._modified = False
        tilt = 0.0
        if self._modified and line < value <= self._best.value:
            tilt = self._enough
        self._narrow(trial, tilt)
        if self.bracketed:
            ends = self._best.step, self._other.step
            width = abs(ends[1] - ends[0])
            # MT, section 4: bisect where two steps shrank the interval too little.
            if width >= 0.66 * self._widths[0]:
                self.step = ends[0] + 0.5 * (ends[1] - ends[0])
            self._widths = self._widths[1], width
            self._low, self._high = min(ends), max(ends)
        else:
            ahead = self.step - self._best.step
            self._low, self._high = self.step + 1.1 * ahead, self.step + 4.0 * ahead
        self.step = min(max(self.step, 0.0), self._longest)
        if self._exhausted():
            self.step = self._best.step

    def _narrow(self, trial, tilt):
        """Take a trial into the interval, and choose the next step (MT, section 4)."""
        best, other, new = (p.tilted(tilt) for p in (self._best, self._other, trial))
        ahead = new.step > best.step
        turned = np.sign(new.slope) * np.sign(best.slope) < 0.0
        higher = new.value > best.value
        # Cases 1 to 4, the last one with an interval and without.
        if higher:
            step = _step_back(best, new)
        elif turned:
            cubic, _ = _cubic(new, best)
            step = max(cubic, _secant(new, best), key=lambda s: abs(s - new.step))
        elif abs(new.slope) < abs(best.slope):
            step = self._step_on(best, other, new)
        elif self.bracketed:
            step, _ = _cubic(new, other)
        else:
            step = self._high if ahead else self._low
        # The interval: its ends keep their own values, whatever the tilt.
        if higher:
            self._other = trial
        else:
            self._best, self._other = trial, self._best if turned else self._other
        self.bracketed = self.bracketed or higher or turned
        self.step = step

    def _step_on(self, best, other, new):
        """Return the step of case 3: lower, and the slope flattens out."""
        ahead = new.step > best.step
        cubic, beyond = _cubic(new, best)
        if not beyond:
            cubic = self._high if ahead else self._low
        candidates = cubic, _secant(new, best)
        if not self.bracketed:
            step = max(candidates, key=lambda step: abs(step - new.step))
            return min(max(step, self._low), self._high)
        step = min(reversed(candidates), key=lambda step: abs(step - new.step))
        furthest = new.step + 0.66 * (other.step - new.step)
        return min(step, furthest) if ahead else max(step, furthest)


def _step_back(best, new):
    """Return the step of case 1: the value has risen."""
    length = new.step - best.step
    fall = (best.value - new.value) / length + best.slope
    cubic, _ = _cubic(best, new)
    quadratic = best.step + 0.5 * best.slope / fall * length
    if abs(cubic - best.step) <= abs(quadratic - best.step):
        return cubic
    return cubic + 0.5 * (quadratic - cubic)


def _secant(a, b):
    return a.step + a.slope / (a.slope - b.slope) * (b.step - a.step)


def _cubic(a, b):
    """Return the minimiser of the cubic through two probes.

    Also return whether it lies on the other side of `a` than `b`, at a finite step.
    """
    length = b.step - a.step
    theta = 3.0 * (a.value - b.value) / length + a.slope + b.slope
    scale = max(abs(theta), abs(a.slope), abs(b.slope))
    radicand = (theta / scale) ** 2 - (a.slope / scale) * (b.slope / scale)
    gamma = np.copysign(scale * np.sqrt(max(0.0, radicand)), length)
    ratio = (gamma - a.slope + theta) / (gamma - a.slope + gamma + b.slope)
    return a.step + ratio * length, ratio < 0.0 and gamma != 0.0
