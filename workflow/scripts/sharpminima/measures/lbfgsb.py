"""L-BFGS-B: minimise a smooth function of many variables in a box.

Sources, whose symbols the code keeps:

- CP: Byrd, Lu, Nocedal, Zhu 1995, "A limited memory algorithm for bound constrained
  optimization", SIAM J. Sci. Comput. 16, 1190-1208. B = theta I - W M W', its W and M,
  the generalised Cauchy point and the subspace minimisation.
- MN: Morales, Nocedal 2011, "Remark on Algorithm 778", ACM TOMS 38(1). The projection
  of the subspace minimiser.

Iterates and numbers of evaluations are those of SciPy's L-BFGS-B up to rounding. Two
rearrangements of the paper save passes over the variables:

- A pair is stored as s / sqrt(s'y) and y / sqrt(s'y), which leaves B as it is and makes
  D the identity. theta moves from W into M, so W holds the pairs themselves: its rows
  are y, s, y, s, ..., the oldest first.
- On the path x(t) = P(x - t g) the variables that still move have z = t d and g = -d.
  So the reduced gradient at the Cauchy point (CP 5.4) follows from t and W'd.

Vectors are stored in the type of the start, float32 or float64. All arithmetic is in
float64, on one block of the variables at a time.

With k pairs the solver keeps 2k + 3 vectors of n numbers: W, x, x_bar and the gradient
at x. A line search that goes on after its first step adds the point that it tries, and
the best one if that is another. Bounds of another type than the start are copied.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sharpminima.measures.line_search import LineSearch

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]

EPSILON = np.finfo(np.float64).eps
MAX_STEPS, LONGEST_STEP = 20, 1e10
# Blocks of this many variables, with all rows of W, fit into a core's cache.
BLOCK = 1 << 14
# So many breakpoints show how all of them are spread.
SAMPLE = 1 << 12

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
        x: The best point that the search saw, shape `(n,)`, of the start's type.
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
            neither change nor keep x. It may use one array for all its gradients.
        start: Where the search begins, shape `(n,)`; projected into the box. Its type
            is that of x and of all that is stored: float32, or else float64.
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
    if min(max_iterations, max_evaluations, memory) < 1:
        received = f"{max_iterations}, {max_evaluations}, {memory}"
        raise ValueError(f"Caps and memory must be at least 1. Received: {received}")
    dtype = np.float32 if start.dtype == np.float32 else np.float64
    box = _Box(lower, upper, start.shape, dtype)
    search = _Search(function, max_evaluations, rounding)
    try:
        x = box.project(start.astype(dtype))
        message = _iterate(search, x, box, _Pairs(memory), max_iterations, ftol, gtol)
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

    def released(self, x):
        """Return an array to write to: x, or a new one if x is the best point."""
        return np.empty_like(x) if x is self.best else x

    def evaluate(self, x):
        """Return value and gradient at x."""
        if self.evaluations == self._max_evaluations:
            raise _Ended(f"STOP: {self.evaluations} EVALUATIONS OF F AND G")
        self.evaluations += 1
        started = time.perf_counter()
        value, gradient = self._function(x)
        self.seconds += time.perf_counter() - started
        value, gradient = float(value), np.asarray(gradient)
        with np.errstate(invalid="ignore"):
            total = value + gradient.sum(dtype=np.float64)
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


class _Box:
    """The bounds of x.

    Attributes:
        lower: Lower bounds, shape `(n,)`.
        upper: Upper bounds, shape `(n,)`.
        bounds_some: Whether any bound is finite.
        bounds_all: Whether every bound is finite.
    """

    def __init__(self, lower, upper, shape, dtype):
        bounds = [np.asarray(bound, dtype) for bound in (lower, upper)]
        self.lower, self.upper = (np.broadcast_to(bound, shape) for bound in bounds)
        if not np.all(self.lower <= self.upper):
            raise ValueError("Each lower bound must be at most its upper bound.")
        finite = [np.isfinite(bound) for bound in bounds]
        self.bounds_some = any(map(np.any, finite))
        self.bounds_all = all(map(np.all, finite))

    def project(self, x, block=slice(None)):
        """Return P(x) for a block of x, written over it."""
        np.maximum(x, self.lower[block], out=x)  # twice as fast as np.clip
        return np.minimum(x, self.upper[block], out=x)

    def breakpoints(self, x, direction, block):
        """Return by which t each entry of `x + t direction` meets its bound.

        An entry that does not move meets none: infinity, or NaN if it lies on a bound.
        """
        # Of both quotients one is not positive, as x lies in the box.
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (self.lower[block] - x) / direction
            return np.maximum(t, (self.upper[block] - x) / direction, out=t)


class _Pairs:
    """The last pairs (s, y), and B = theta I - W M W' that they make (CP 3.1-3.4).

    Attributes:
        theta: y'y / s'y of the last pair, or 1.
        m: M, shape `(2k, 2k)` for k pairs.
    """

    def __init__(self, memory):
        self._memory = memory
        self.forget()

    def forget(self):
        """Return to B = I."""
        self._rows, self.gram = [], np.empty((0, 0))
        self.theta = 1.0
        self.m = self._inverse_of_m = self.gram

    def __len__(self):
        return len(self._rows) // 2

    def add(self, y, s):
        """Add a pair of which s'y = 1. B waits for `update`."""
        if len(self) == self._memory:
            del self._rows[:2]
            self.gram = self.gram[2:, 2:]
        self._rows += [y, s]
        self.gram = np.pad(self.gram, (0, 2))

    def at(self, where):
        """Return W' at a block of the variables, or at these indices, in float64."""
        return np.array([row[where] for row in self._rows], np.float64)

    def update(self, columns):
        """Update B from the products of the last pair with W, shape `(2, 2k)`.

        Raises:
            LinAlgError: If B is not positive definite in floating point.
        """
        self.gram[-2:], self.gram[:, -2:] = columns, columns.T
        self.theta = self.gram[-2, -2]
        # CP 3.4, with D = I and with theta taken out of W.
        lower = np.tril(self.gram[1::2, ::2], -1) / self.theta
        self._inverse_of_m = np.empty_like(self.gram)
        self._inverse_of_m[::2, ::2] = -np.eye(len(self))
        self._inverse_of_m[1::2, ::2], self._inverse_of_m[::2, 1::2] = lower, lower.T
        self._inverse_of_m[1::2, 1::2] = self.gram[1::2, 1::2] / self.theta
        self.m = _solve(self._inverse_of_m, np.eye(2 * len(self)))

    def solve_reduced(self, gram, right):
        """Return (M^-1 - W'ZZ'W / theta)^-1 `right`, the solve of CP 5.11.

        Raises:
            LinAlgError: If Z'BZ is not positive definite in floating point.
        """
        return _solve(self._inverse_of_m - gram / self.theta, right)


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
    value, gradient = search.evaluate(x)
    reduction = np.inf
    while True:
        try:
            # Step 1: the breakpoints of the projected gradient path, and convergence.
            path = _Path(x, gradient, box)
            begin = path.follow(pairs)
            if begin.norm <= gtol:
                return CONVERGED_GRADIENT
            if reduction <= ftol:
                return CONVERGED_VALUE
            # Steps 2 and 3: the Cauchy point and the minimiser in its subspace.
            x_bar, slope = _minimise_model(path, begin, pairs)
        except np.linalg.LinAlgError:
            pairs.forget()
            continue
        # Step 4: the line search. The function may write over its gradient.
        gradient = np.array(gradient, x.dtype)
        line = LineSearch(value, slope, *_steps(search, x, x_bar, box))
        # Without pairs B knows no curvature, and the gain may exceed what slopes say.
        if pairs:
            search.expect(line.gain())
        found = _descend(search, line, x, x_bar, box)
        if found is None and not pairs:
            return NO_DESCENT
        if found is None:
            pairs.forget()
            continue
        search.iterations += 1
        if search.iterations == max_iterations:
            return OUT_OF_ITERATIONS
        reduction = (value - found.value) / max(abs(value), abs(found.value), 1.0)
        # Steps 6 and 7: the new pair, unless its curvature drowns in rounding.
        curvature = line.step * (found.slope - slope)
        if curvature > -EPSILON * line.step * slope:
            s = search.released(x if found.x is x_bar else x_bar)
            _difference(found.gradient, gradient, curvature**-0.5, out=gradient)
            _difference(x_bar, x, line.step * curvature**-0.5, out=s)
            pairs.add(gradient, s)
        x, value, gradient = found.x, found.value, found.gradient


def _blocks(n) -> Iterator[slice]:
    """Yield slices that cut n entries into blocks."""
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))


def _double(array, where):
    """Return a copy of these entries in float64."""
    return array[where].astype(np.float64)


def _difference(a, b, factor, out):
    """Write `factor (a - b)` over `out`, which may be one of both."""
    for block in _blocks(len(out)):
        out[block] = factor * (_double(a, block) - b[block])


class _Begin(NamedTuple):
    """How a path begins.

    Attributes:
        norm: The largest entry of the projected gradient, |P(x - g) - x|.
        products: W'd, shape `(2k,)`.
        square: d'd.
        moving: How many entries of d are not 0.
    """

    norm: float
    products: np.ndarray
    square: float
    moving: int


class _Path:
    """The projected gradient path P(x - t g), with first direction d (CP 4.1, 4.2).

    Attributes:
        box: The box.
        t: The breakpoints, shape `(n,)`.
        size: n.
    """

    def __init__(self, x, gradient, box):
        self.box, self.t, self.size = box, np.empty_like(x), len(x)
        self._x, self._gradient = x, gradient

    def follow(self, pairs):
        """Fill in the breakpoints, complete B, and return how the path begins.

        Raises:
            LinAlgError: If B is not positive definite in floating point.
        """
        norm, products, square, moving = 0.0, np.zeros(2 * len(pairs)), 0.0, 0
        columns = np.zeros((2, 2 * len(pairs)))
        for block in _blocks(self.size):
            t = self.box.breakpoints(self.x(block), -self._g(block), block)
            with np.errstate(over="ignore"):
                self.t[block] = t
            d = self.d(block)
            norm = max(norm, np.abs(np.fmin(t, 1.0, out=t) * d).max())
            square += d @ d
            moving += np.count_nonzero(d != 0.0)
            if pairs:
                # While a block of W is at hand: W'W grows by products with a new pair.
                w = pairs.at(block)
                products += w @ d
                columns += w[-2:] @ w.T
        if pairs:
            pairs.update(columns)
        return _Begin(norm, products, square, moving)

    def x(self, where):
        """Return x at a block of the variables, or at these indices."""
        return _double(self._x, where)

    def d(self, where):
        """Return d likewise."""
        # Entries that would leave the box at once have t = 0 and do not move.
        return -self._g(where) * (self.t[where] > 0.0)

    def _g(self, where):
        return _double(self._gradient, where)

    def ahead(self, after, until):
        """Return indices of breakpoints with `after < t <= until`, in their order.

        Not all of them if there are many, as indices take memory: the first ones, up
        to about a sixteenth of all breakpoints.
        """
        sample = _double(self.t, slice(None, None, 1 + len(self.t) // SAMPLE))
        sample = np.sort(sample[(sample > after) & (sample <= until)])
        if len(sample) > SAMPLE // 16:
            until = sample[SAMPLE // 16]
        found = []
        for block in _blocks(self.size):
            t = _double(self.t, block)
            found.append(block.start + np.flatnonzero((t > after) & (t <= until)))
        indices = np.concatenate(found)
        return indices[np.argsort(self.t[indices])]


def _minimise_model(path, begin, pairs):
    """Return x_bar, the next x if the step is 1, and the slope of x_bar - x.

    It is written over the path's breakpoints.
    """
    t_star, c = _cauchy_point(path, begin, pairs)
    newton = _subspace_minimiser(path, begin, pairs, t_star, c) if pairs else None
    model = _Model(path, pairs, t_star, newton)
    slope = model.minimise()
    if slope > 0.0:
        # MN: the projection can point uphill. Then the step stops at the first bound.
        path.follow(pairs)
        slope = model.minimise(model.feasible_share())
    return path.t, slope


def _cauchy_point(path, begin, pairs):
    """Return t* of the generalised Cauchy point P(x - t* g), and c = W'(x_cp - x).

    CP, algorithm CP, with one column for each breakpoint of a batch that is passed.
    """
    _, p, square, moving = begin
    if not pairs:
        return 1.0, p
    # A float64, unlike a float of Python, is compared with float32 in float64.
    reached, c = np.float64(0.0), np.zeros_like(p)
    floor = EPSILON * pairs.theta * square

    def waits(times, c, p, squares):
        """Return after which further time the model is least, if no entry stops."""
        mp = pairs.m @ p
        slopes = -squares * (1.0 - pairs.theta * times) - np.sum(c * mp, axis=0)
        curvatures = pairs.theta * squares - np.sum(p * mp, axis=0)
        return -slopes / np.maximum(curvatures, floor)

    while moving:
        wait = max(waits(reached, c, p, square), 0.0)
        ahead = path.ahead(reached, reached + wait)
        if not len(ahead):
            return reached + wait, c + wait * p
        for batch in _batches(ahead):
            gone, times = path.d(batch), np.append(reached, path.t[batch])
            steps = np.diff(times)
            ps = np.column_stack([p, -gone * pairs.at(batch)]).cumsum(axis=1)
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


def _subspace_minimiser(path, begin, pairs, t_star, c):
    """Return a such that Z'(x + d / theta + W a) is the minimiser of the subspace.

    CP 5.11: du = -r / theta - Z'W v / theta^2, from the Cauchy point. There
    r = -(1 - theta t*) Z'd - Z'WMc (CP 5.4), and x_cp = x + t* d where x is free.
    """
    gram, p = _reduced(path, begin, pairs, t_star)
    mc = pairs.m @ c
    r = -(1.0 - pairs.theta * t_star) * p - gram @ mc
    v = pairs.solve_reduced(gram, r)
    return mc / pairs.theta - v / pairs.theta**2


def _reduced(path, begin, pairs, t_star):
    """Return W'ZZ'W and W'ZZ'd, where Z picks the free variables, of t > t*."""
    free = sum(np.count_nonzero(path.t[block] > t_star) for block in _blocks(path.size))
    # Only the rarer kind of variable is visited.
    visits_free = 2 * free <= path.size
    gram, p = np.zeros_like(pairs.m), np.zeros_like(begin.products)
    for block in _blocks(path.size):
        rare = np.flatnonzero((path.t[block] > t_star) == visits_free) + block.start
        w = pairs.at(rare)
        gram += w @ w.T
        p += w @ path.d(rare)
    return (gram, p) if visits_free else (pairs.gram - gram, begin.products - p)


@dataclass(frozen=True)
class _Model:
    """The quadratic model: its Cauchy point and the minimiser in its subspace."""

    path: _Path
    pairs: _Pairs
    t_star: float
    newton: np.ndarray | None

    def minimise(self, share=1.0):
        """Write x_bar over the path's breakpoints. Return the slope of x_bar - x.

        It is so much of the way from the Cauchy point to the subspace minimiser, in the
        box: all of it (MN), or what the box allows (CP 5.8).
        """
        x_bar, slope = self.path.t, 0.0
        for block in _blocks(self.path.size):
            x, d = self.path.x(block), self.path.d(block)
            point = self._cauchy(x, d, block)
            if self.newton is not None:
                point += share * self._subspace_step(x, d, point, block)
                self.path.box.project(point, block)
            x_bar[block] = point
            slope -= d @ (x_bar[block] - x)
        return slope

    def feasible_share(self):
        """Return how much of the way to the subspace minimiser lies in the box."""
        share = 1.0
        for block in _blocks(self.path.size):
            x, d = self.path.x(block), self.path.d(block)
            cauchy = self._cauchy(x, d, block)
            step = self._subspace_step(x, d, cauchy, block)
            ends = self.path.box.breakpoints(cauchy, step, block)
            share = np.fmin(share, np.fmin.reduce(ends))
        return share

    def _cauchy(self, x, d, block):
        return self.path.box.project(x + self.t_star * d, block)

    def _subspace_step(self, x, d, cauchy, block):
        step = self.newton @ self.pairs.at(block)
        step += d / self.pairs.theta
        step += x
        step -= cauchy
        step *= self.path.t[block] > self.t_star
        return step


def _steps(search, x, x_bar, box):
    """Return the first step from x towards x_bar, and the longest one."""
    if not box.bounds_some:
        longest = LONGEST_STEP
    elif not search.iterations:
        longest = 1.0
    else:
        longest = _longest_step(x, x_bar, box)
    if search.iterations or box.bounds_all:
        return 1.0, longest
    squares = (_double(x_bar, block) - x[block] for block in _blocks(len(x)))
    length = np.sqrt(sum(step @ step for step in squares))
    return min(1.0 / length, longest), longest


def _longest_step(x, x_bar, box):
    """Return how far the box lets x go along x_bar - x, at least 1."""
    longest = LONGEST_STEP
    for block in _blocks(len(x)):
        here = _double(x, block)
        ends = box.breakpoints(here, x_bar[block] - here, block)
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


def _descend(search, line, x, x_bar, box):
    """Search along x_bar - x. Return what was found, or None."""
    if line.slope >= 0.0:
        return None
    for _ in range(MAX_STEPS):
        # The longest step must reach the bound that it was computed from: else the next
        # iteration would go on what is left, a rounding.
        beyond = 4.0 * EPSILON if line.step == line.longest != 1.0 else 0.0
        trial = _between(x, x_bar, line.step * (1.0 + beyond), box)
        value, gradient = search.evaluate(trial)
        slope = 0.0
        for block in _blocks(len(x)):
            slope += gradient[block] @ (_double(x_bar, block) - x[block])
        if line.accepts(value, slope):
            return _Found(trial, value, gradient, slope)
        line.advance(value, slope)
        if line.bracketed:
            search.expect(line.gain())
        del trial  # Its memory serves the next one.
    return None


def _between(x, x_bar, step, box):
    """Return x + step (x_bar - x). Step 1 is x_bar itself, on its bounds exactly."""
    if step == 1.0:
        return x_bar
    trial = np.empty_like(x)
    for block in _blocks(len(x)):
        here = _double(x_bar, block)
        here -= x[block]
        here *= step
        here += x[block]
        trial[block] = box.project(here, block)
    return trial
