"""L-BFGS-B: minimise a smooth function of many variables in a box.

Sources, whose symbols the code keeps:

- CP: Byrd, Lu, Nocedal, Zhu 1995, "A limited memory algorithm for bound constrained
  optimization", SIAM J. Sci. Comput. 16, 1190-1208. B = theta I - W M W', its W and M,
  the generalised Cauchy point and the subspace minimisation.
- MN: Morales, Nocedal 2011, "Remark on Algorithm 778", ACM TOMS 38(1). The projection
  of the subspace minimiser.
- MT: Moré, Thuente 1994, "Line search algorithms with guaranteed sufficient decrease",
  ACM TOMS 20, 286-307.

Iterates and numbers of evaluations are those of SciPy's L-BFGS-B up to rounding. Passes
over the variables are calls of NumPy. Two rearrangements of the paper save passes:

- A pair is stored as s / sqrt(s'y) and y / sqrt(s'y), which leaves B as it is and makes
  D the identity. theta moves from W into M, so W holds the pairs themselves: its rows
  are y, s, y, s, ..., the oldest first.
- On the path x(t) = P(x - t g) the variables that still move have z = t d and g = -d.
  So the reduced gradient at the Cauchy point (CP 5.4) follows from t and W'd.

To save memory, rows of W serve twice. The row of the next s holds the breakpoints, then
the search direction; the row of the next y holds d, then the gradient.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]

EPSILON = np.finfo(np.float64).eps
# MT: sufficient decrease, curvature, relative width of the last interval.
DECREASE, CURVATURE, WIDTH = 1e-3, 0.9, 0.1
MAX_STEPS, LONGEST_STEP = 20, 1e10
# What a pass over the variables takes at once: its temporaries stay in the cache.
BLOCK = 1 << 14

CONVERGED_GRADIENT = "CONVERGENCE: NORM OF PROJECTED GRADIENT <= GTOL"
CONVERGED_VALUE = "CONVERGENCE: RELATIVE REDUCTION OF F <= FTOL"
BELOW_ROUNDING = "STOP: EXPECTED GAIN BELOW ROUNDING"
OUT_OF_ITERATIONS = "STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT"
NOT_FINITE = "ABNORMAL: F OR G IS NOT FINITE"
NO_DESCENT = "ABNORMAL: LINE SEARCH FAILED"


@dataclass(frozen=True)
class Descent:
    """The outcome of one minimisation.

    Attributes:
        x: The best point that the search saw, shape `(n,)`.
        value: The function's value there.
        iterations: Iterations that were completed.
        evaluations: Evaluations of the function and its gradient.
        message: Why the search ended.
        seconds: How long it took.
        solver_share: Share of `seconds` that was not spent in the function.
    """

    x: np.ndarray
    value: float
    iterations: int
    evaluations: int
    message: str
    seconds: float
    solver_share: float


def minimise(
    function: Function,
    start: np.ndarray,
    lower: np.ndarray | float,
    upper: np.ndarray | float,
    *,
    max_iterations: int,
    max_evaluations: int,
    memory: int = 10,
    ftol: float = 0.0,
    gtol: float = 0.0,
    rounding: float = 0.0,
) -> Descent:
    """Minimise `function` in the box `lower <= x <= upper`.

    The search ends before an evaluation would exceed `max_evaluations`. It also ends
    where the value or the gradient is not finite; that point is never the best one.

    Args:
        function: Maps x, shape `(n,)`, to value and gradient, shape `(n,)`. It must
            leave x alone, and may use one array for all its gradients.
        start: Where the search begins, shape `(n,)`; projected into the box.
        lower: Lower bounds, shape `(n,)` or a number; `-inf` where there is none.
        upper: Upper bounds, likewise.
        max_iterations: Cap on iterations, at least 1.
        max_evaluations: Cap on evaluations, at least 1.
        memory: How many pairs (s, y) B is made of; m in the paper.
        ftol: End where an iteration lowers the value by no more than `ftol` times the
            largest of both absolute values and 1.
        gtol: End where no entry of the projected gradient exceeds `gtol`.
        rounding: Absolute rounding error of the function's value. End before a step
            that should lower the value by less, as far as its curvature is known.

    Raises:
        ValueError: If a lower bound is not at most its upper bound, or a cap is below
            1, or the first value or gradient is not finite.
    """
    started = time.perf_counter()
    box = _Box(*(np.broadcast_to(bound, start.shape) for bound in (lower, upper)))
    if not np.all(box.lower <= box.upper):
        raise ValueError("Each lower bound must be at most its upper bound.")
    if min(max_iterations, max_evaluations, memory) < 1:
        received = f"{max_iterations}, {max_evaluations}, {memory}"
        raise ValueError(f"Caps and memory must be at least 1. Received: {received}")
    search = _Search(function, max_evaluations, rounding)
    pairs = _Pairs(min(memory, max_iterations - 1), len(start))
    x = box.project(start.astype(np.float64))
    try:
        message = _iterate(search, x, box, pairs, max_iterations, ftol, gtol)
    except _Ended as ended:
        message = str(ended)
    seconds = time.perf_counter() - started
    return Descent(
        x=search.best,
        value=search.lowest,
        iterations=search.iterations,
        evaluations=search.evaluations,
        message=message,
        seconds=seconds,
        solver_share=1.0 - search.seconds / seconds,
    )


class _Ended(Exception):
    """Ends the search. Its text says why."""


class _Search:
    """The function of one search. Counts, times, and remembers the best point."""

    def __init__(self, function, max_evaluations, rounding):
        self._function, self._max_evaluations = function, max_evaluations
        self._rounding = rounding
        self.best, self.lowest = None, np.inf
        self.iterations = self.evaluations = 0
        self.seconds = 0.0

    def expect(self, gain):
        """End the search before a step if its expected gain drowns in rounding."""
        if max(gain, 0.0) < self._rounding:
            raise _Ended(BELOW_ROUNDING)

    def evaluate(self, x):
        """Return value and gradient at x."""
        if self.evaluations == self._max_evaluations:
            raise _Ended(f"STOP: {self.evaluations} EVALUATIONS OF F AND G")
        self.evaluations += 1
        started = time.perf_counter()
        value, gradient = self._function(x)
        self.seconds += time.perf_counter() - started
        value, gradient = float(value), np.asarray(gradient, np.float64)
        with np.errstate(invalid="ignore"):
            total = value + gradient.sum()
        if not np.isfinite(total) and self.best is None:
            raise ValueError(
                "Value and gradient at the start must be finite. "
                f"Received: {value}, sum of the gradient {total - value}"
            )
        if not np.isfinite(total):
            raise _Ended(NOT_FINITE)
        if self.best is None or value < self.lowest:
            self.best, self.lowest = x, value
        return value, gradient


class _Box(NamedTuple):
    """The bounds of x, or of a block of its entries."""

    lower: np.ndarray
    upper: np.ndarray

    def __getitem__(self, block):
        return _Box(self.lower[block], self.upper[block])

    def project(self, x):
        """Return P(x), written over x."""
        return np.clip(x, self.lower, self.upper, out=x)

    def breakpoints(self, x, direction):
        """Return by which t each entry of `x + t direction` meets its bound.

        An entry that does not move meets none: infinity, or NaN if it lies on a bound.
        """
        # Of both quotients one is not positive, as x lies in the box.
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.subtract(self.lower, x)
            t /= direction
            upwards = np.subtract(self.upper, x)
            upwards /= direction
        return np.maximum(t, upwards, out=t)


class _Pairs:
    """The last pairs (s, y), and B = theta I - W M W' that they make (CP 3.1-3.4).

    Products with W and matrices of its rows have the oldest pair first: y, s, y, s, ...

    Attributes:
        theta: y'y / s'y of the last pair, or 1.
        m: M, shape `(2k, 2k)` for k pairs.
    """

    def __init__(self, memory, n):
        # Two rows more than pairs have: the next pair grows there. Rows in use come
        # first, for the others may hold infinite breakpoints.
        self._rows = np.empty((2 * (memory + 1), n))
        self._memory = memory
        self.forget()

    def forget(self):
        """Return to B = I."""
        self._gram = np.empty((0, 0))
        self._use([])
        self._refresh()

    def __len__(self):
        return len(self._slots)

    @property
    def y(self):
        """The row of the next y. Until then, room for n numbers."""
        return self._rows[2 * len(self)]

    @property
    def s(self):
        """The row of the next s. Until then, room for n numbers."""
        return self._rows[2 * len(self) + 1]

    def add(self, gradient, step, curvature):
        """Add a pair: `s` holds the search direction so far, `y` the old gradient.

        Args:
            gradient: The gradient after the step, shape `(n,)`.
            step: The step along the search direction.
            curvature: s'y.

        Raises:
            LinAlgError: If B is not positive definite in floating point.
        """
        y, s = self.y, self.s
        np.subtract(gradient, y, out=y)
        y *= curvature**-0.5
        s *= step * curvature**-0.5
        full = len(self) == self._memory
        slot = self._slots[0] if full else len(self)
        newest = self._rows[2 * slot : 2 * slot + 2]
        if full:
            newest[:] = y, s
        kept = self._gram[2:, 2:] if full else self._gram
        self._use([*self._slots[full:], slot])
        # W'W grows by the products with the new pair.
        columns = np.zeros((len(self._used), 2))
        for block in _blocks(newest.shape[1]):
            columns += self._used[:, block] @ newest[:, block].T
        columns = columns[self._order]
        self._gram = np.block([[kept, columns[:-2]], [columns.T]])
        self._refresh()

    def products(self, vector):
        """Return W' times a vector of n numbers, shape `(2k,)`."""
        return (self._used @ vector)[self._order]

    def columns(self, indices):
        """Return W' at these of the n indices, shape `(2k, len(indices))`."""
        return self._used.take(indices, axis=1)[self._order]

    def combination(self, weights, block):
        """Return a block of W times `weights`, shape `(2k,)`."""
        spread = np.zeros(len(self._used))
        spread[self._order] = weights
        return spread @ self._used[:, block]

    def reduced(self, free, d, products):
        """Return W'ZZ'W and W'ZZ'd, where Z picks the entries that are `free`.

        Only the rarer kind of entry is visited. `products` is W'd.
        """
        rare = free if 2 * np.count_nonzero(free) <= free.size else ~free
        gram, part = np.zeros((len(self._used),) * 2), np.zeros(len(self._used))
        for block in _blocks(free.size):
            if rare[block].any():
                w = self._used[:, block][:, rare[block]]
                gram += w @ w.T
                part += w @ d[block][rare[block]]
        gram, part = gram[np.ix_(self._order, self._order)], part[self._order]
        return (gram, part) if rare is free else (self._gram - gram, products - part)

    def solve_reduced(self, gram, right):
        """Return (M^-1 - W'ZZ'W / theta)^-1 `right`, the solve of CP 5.11.

        Raises:
            LinAlgError: If Z'BZ is not positive definite in floating point.
        """
        return _solve(self._inverse_of_m - gram / self.theta, right)

    def _use(self, slots):
        """Take the pairs in these slots, the oldest first."""
        self._slots = slots
        self._used = self._rows[: 2 * len(slots)]
        self._order = np.ravel([(2 * i, 2 * i + 1) for i in slots]).astype(int)

    def _refresh(self):
        """Update theta and M from W'W."""
        self.theta = self._gram[-2, -2] if len(self) else 1.0
        # CP 3.4, with D = I and with theta taken out of W.
        lower = np.tril(self._gram[1::2, ::2], -1) / self.theta
        self._inverse_of_m = np.empty_like(self._gram)
        self._inverse_of_m[::2, ::2] = -np.eye(len(self))
        self._inverse_of_m[1::2, ::2], self._inverse_of_m[::2, 1::2] = lower, lower.T
        self._inverse_of_m[1::2, 1::2] = self._gram[1::2, 1::2] / self.theta
        self.m = _solve(self._inverse_of_m, np.eye(2 * len(self)))


def _solve(matrix, right):
    """Solve with a matrix [-A, C'; C, E], A and E + C A^-1 C' positive definite.

    Rows and columns of both halves alternate, as those of M do.

    Raises:
        LinAlgError: If either is not positive definite.
    """
    a, c, e = -matrix[::2, ::2], matrix[1::2, ::2], matrix[1::2, 1::2]
    a_factor = np.linalg.cholesky(a)
    half = np.linalg.solve(a_factor, c.T)
    complement = np.linalg.cholesky(e + half.T @ half)
    upper = np.linalg.solve(a_factor, right[::2])
    solution = np.empty_like(right)
    y = np.linalg.solve(complement, right[1::2] + half.T @ upper)
    solution[1::2] = np.linalg.solve(complement.T, y)
    solution[::2] = np.linalg.solve(a_factor.T, half @ solution[1::2] - upper)
    return solution


def _iterate(search, x, box, pairs, max_iterations, ftol, gtol):
    """Iterate as in CP, section 6. Return why that ended."""
    bounds = _Bounds.of(box)
    value, gradient = search.evaluate(x)
    reduction = np.inf
    while True:
        # Step 1: the breakpoints of the projected gradient path, and convergence.
        norm = _follow_gradient(x, gradient, box, t=pairs.s, d=pairs.y)
        if norm <= gtol:
            return CONVERGED_GRADIENT
        if reduction <= ftol:
            return CONVERGED_VALUE
        # Steps 2 and 3: the Cauchy point and the minimiser in its subspace.
        try:
            x_bar, slope = _minimise_model(x, gradient, box, pairs)
        except np.linalg.LinAlgError:
            pairs.forget()
            continue
        # Step 4: the line search. The function may write over its gradient.
        np.copyto(pairs.y, gradient)
        gradient = pairs.y
        line = _LineSearch(value, slope, *bounds.steps(search, x, pairs.s, box))
        # Without pairs B knows no curvature, and the gain may exceed what slopes say.
        if pairs:
            search.expect(line.gain())
        found = _descend(search, line, x, x_bar, box, pairs.s)
        if found is None and not pairs:
            return NO_DESCENT
        if found is None:
            gradient = gradient.copy()
            pairs.forget()
            continue
        reduction = (value - found.value) / max(abs(value), abs(found.value), 1.0)
        x, value, gradient = found.x, found.value, found.gradient
        search.iterations += 1
        if search.iterations == max_iterations:
            return OUT_OF_ITERATIONS
        # Steps 6 and 7: the new pair, unless its curvature drowns in rounding.
        curvature = line.step * (found.slope - slope)
        if curvature > -EPSILON * line.step * slope:
            pairs.add(gradient, line.step, curvature)


def _blocks(n) -> Iterator[slice]:
    """Yield slices that cut n entries into blocks."""
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))


def _follow_gradient(x, gradient, box, t, d):
    """Fill `t` with the breakpoints of P(x - t g) and `d` with its first direction.

    Returns:
        The largest entry of the projected gradient, |P(x - g) - x|.
    """
    norm = 0.0
    for block in _blocks(len(x)):
        here = np.negative(gradient[block], out=d[block])
        # CP 4.1. Entries that would leave the box at once have t = 0 and do not move.
        t[block] = box[block].breakpoints(x[block], here)
        norm = max(norm, np.max(np.abs(here) * np.fmin(t[block], 1.0)))
        here *= t[block] > 0.0
    return norm


def _minimise_model(x, gradient, box, pairs):
    """Return x_bar, the next x if the step is 1, and the slope of x_bar - x.

    The direction is written to `pairs.s`, which holds the breakpoints. `pairs.y` holds
    the first direction of the projected gradient path.
    """
    d = pairs.y
    products = pairs.products(d)
    t_star, c = _cauchy_point(pairs.s, d, products, pairs)
    free = pairs.s > t_star
    newton = None
    if pairs and free.any():
        newton = _subspace_minimiser(t_star, c, free, d, products, pairs)
    model = _Model(x, d, box, pairs, t_star, free, newton)
    x_bar, slope = model.minimiser(gradient, projected=True)
    if slope > 0.0:
        # MN: the projection can point uphill. Then the step stops at the first bound.
        x_bar, slope = model.minimiser(gradient, projected=False)
    return x_bar, slope


def _cauchy_point(t, d, products, pairs):
    """Return t* of the generalised Cauchy point P(x - t* g), and c = W'(x_cp - x).

    CP, algorithm CP, with one column for each breakpoint of a batch that is passed.
    """
    if not pairs:
        return 1.0, products
    reached, c, p, square = 0.0, np.zeros_like(products), products, d @ d
    floor = EPSILON * pairs.theta * square

    def waits(times, c, p, squares):
        """Return after which further time the model is least, if no entry stops."""
        mp = pairs.m @ p
        slopes = -squares * (1.0 - pairs.theta * times) - np.sum(c * mp, axis=0)
        curvatures = pairs.theta * squares - np.sum(p * mp, axis=0)
        return -slopes / np.maximum(curvatures, floor)

    moving = np.count_nonzero(d)
    while moving:
        wait = max(waits(reached, c, p, square), 0.0)
        ahead = np.flatnonzero((t > reached) & (t <= reached + wait))
        if not len(ahead):
            return reached + wait, c + wait * p
        ahead = ahead[np.argsort(t[ahead])]
        for batch in _batches(ahead):
            times = np.append(reached, t[batch])
            steps = np.diff(times)
            gone = d[batch]
            ps = np.column_stack([p, -gone * pairs.columns(batch)]).cumsum(axis=1)
            cs = np.column_stack([c, steps * ps[:, :-1]]).cumsum(axis=1)
            squares = np.append(square, -(gone**2)).cumsum()
            batch_waits = waits(times, cs, ps, squares)
            stops = np.flatnonzero(batch_waits[:-1] < steps)
            if len(stops):
                j = stops[0]
                wait = max(batch_waits[j], 0.0)
                return times[j] + wait, cs[:, j] + wait * ps[:, j]
            reached, c, p, square = times[-1], cs[:, -1], ps[:, -1], squares[-1]
            moving -= len(batch)
    return reached, c


def _batches(indices):
    """Yield the indices in order, few at first: most searches end early."""
    start, size = 0, 256
    while start < len(indices):
        yield indices[start : start + size]
        start, size = start + size, min(2 * size, BLOCK)


def _subspace_minimiser(t_star, c, free, d, products, pairs):
    """Return a such that Z'(x + d / theta + W a) is the minimiser of the subspace.

    CP 5.11: du = -r / theta - Z'W v / theta^2, from the Cauchy point. There
    r = -(1 - theta t*) Z'd - Z'WMc (CP 5.4), and x_cp = x + t* d where x is free.
    """
    gram, p = pairs.reduced(free, d, products)
    mc = pairs.m @ c
    r = -(1.0 - pairs.theta * t_star) * p - gram @ mc
    v = pairs.solve_reduced(gram, r)
    return mc / pairs.theta - v / pairs.theta**2


@dataclass(frozen=True)
class _Model:
    """The minimiser of the quadratic model, in blocks."""

    x: np.ndarray
    d: np.ndarray
    box: _Box
    pairs: _Pairs
    t_star: float
    free: np.ndarray
    newton: np.ndarray | None

    def minimiser(self, gradient, *, projected):
        """Return x_bar and the slope along x_bar - x, which goes to `pairs.s`.

        Args:
            gradient: g, shape `(n,)`.
            projected: Whether to project the subspace minimiser into the box (MN) or
                to go towards it as far as the box allows (CP 5.8).
        """
        share = 1.0 if projected else self._feasible_share()
        x_bar, slope = np.empty_like(self.x), 0.0
        for block in _blocks(len(self.x)):
            here = self._cauchy(block, out=x_bar[block])
            if self.newton is not None:
                here += share * self._subspace_step(block, here)
                self.box[block].project(here)
            step = np.subtract(here, self.x[block], out=self.pairs.s[block])
            slope += gradient[block] @ step
        return x_bar, slope

    def _cauchy(self, block, out=None):
        point = np.multiply(self.d[block], self.t_star, out=out)
        point += self.x[block]
        return self.box[block].project(point)

    def _subspace_step(self, block, cauchy):
        step = self.pairs.combination(self.newton, block)
        step += self.d[block] / self.pairs.theta
        step += self.x[block]
        step -= cauchy
        step *= self.free[block]
        return step

    def _feasible_share(self):
        share = 1.0
        for block in _blocks(len(self.x)):
            cauchy = self._cauchy(block)
            step = self._subspace_step(block, cauchy)
            ends = self.box[block].breakpoints(cauchy, step)
            share = np.fmin(share, np.fmin.reduce(ends))
        return share


@dataclass(frozen=True)
class _Bounds:
    """Which bounds there are: any, and both of every entry."""

    any: bool
    all: bool

    @classmethod
    def of(cls, box):
        """Return that of a box."""
        finite = [np.isfinite(bound) for bound in box]
        return cls(any(map(np.any, finite)), all(map(np.all, finite)))

    def steps(self, search, x, direction, box):
        """Return the first step along a search direction, and the longest one."""
        if not self.any:
            longest = LONGEST_STEP
        elif not search.iterations:
            longest = 1.0
        else:
            longest = _longest_step(x, direction, box)
        if search.iterations or self.all:
            return 1.0, longest
        return min(1.0 / np.linalg.norm(direction), longest), longest


def _longest_step(x, direction, box):
    """Return how far the box lets x go along a direction that stays inside up to 1."""
    longest = LONGEST_STEP
    for block in _blocks(len(x)):
        ends = box[block].breakpoints(x[block], direction[block])
        longest = max(np.fmin(longest, np.fmin.reduce(ends)), 1.0)
        if longest == 1.0:
            break
    return longest


class _Found(NamedTuple):
    """Where a line search ended."""

    x: np.ndarray
    value: float
    gradient: np.ndarray
    slope: float


def _descend(search, line, x, x_bar, box, direction):
    """Search along a direction. Return what was found, or None."""
    if line.slope >= 0.0:
        return None
    for _ in range(MAX_STEPS):
        # `x_bar` lies on bounds exactly, x + direction only up to rounding.
        trial = x_bar
        if line.step != 1.0:
            trial = direction * line.step
            trial += x
            box.project(trial)
        value, gradient = search.evaluate(trial)
        found = _Found(trial, value, gradient, gradient @ direction)
        if line.accepts(found.value, found.slope):
            return found
        line.advance(found.value, found.slope)
        if line.bracketed:
            search.expect(line.gain())
    return None


class _Probe(NamedTuple):
    """A step along the direction, with value and slope there."""

    step: float
    value: float
    slope: float

    def tilted(self, slope):
        """Return the probe of psi(step) = phi(step) - slope step (MT 2.1)."""
        return _Probe(self.step, self.value - slope * self.step, self.slope - slope)


class _LineSearch:
    """The line search of MT, with the interval's rules as in MINPACK-2.

    Attributes:
        slope: The slope at 0.
        step: The step to try.
        bracketed: Whether a minimiser lies between two steps that were tried.
    """

    def __init__(self, value, slope, first, longest):
        self.slope, self.step = slope, first
        self._value, self._longest = value, longest
        self._enough = DECREASE * slope
        # `best` has the least value so far; `other` is the far end of the interval.
        self._best = self._other = _Probe(0.0, value, slope)
        self.bracketed, self._modified = False, True
        self._low, self._high = 0.0, 5.0 * first
        self._widths = 2.0 * longest, longest

    def gain(self):
        """Return by how much the step should lower the value, by the best slope."""
        best = self._best
        return self._value - best.value - best.slope * (self.step - best.step)

    def accepts(self, value, slope):
        """Return whether the search ends at the step that was tried."""
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

    def advance(self, value, slope):
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
