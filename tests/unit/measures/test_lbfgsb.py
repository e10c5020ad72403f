"""L-BFGS-B against SciPy's, evaluation by evaluation, and against naive algebra."""

import itertools
import tracemalloc

import numpy as np
import pytest
from scipy import optimize

from sharpminima.measures import lbfgsb
from sharpminima.measures.lbfgsb import minimise

FEW = {"max_iterations": 10, "max_evaluations": 100}


def recorded(function):
    """Return `function`, and the list that its points and values go to."""
    seen = []

    def wrapped(x):
        value, gradient = function(x)
        seen.append((value, x.copy()))
        return value, gradient

    return wrapped, seen


def scipy_minimise(function, start, lower, upper, iterations):
    return optimize.minimize(
        function,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=optimize.Bounds(lower, upper),
        options={"maxiter": iterations, "ftol": 0.0, "gtol": 0.0},
    )


def check_against_scipy(function, start, lower, upper, iterations=10):
    """Compare all evaluations with SciPy's. Return our result."""
    function_seen, seen = recorded(function)
    scipy_function, scipy_seen = recorded(function)
    limits = {"max_iterations": iterations, "max_evaluations": 1000}
    ours = minimise(function_seen, start, lower, upper, **limits)
    scipy = scipy_minimise(scipy_function, start, lower, upper, iterations)
    assert ours.evaluations == len(seen) == len(scipy_seen)
    assert ours.iterations == scipy.nit
    for (value, x), (expected_value, expected) in zip(seen, scipy_seen):
        assert np.all((lower <= x) & (x <= upper))
        assert value == pytest.approx(expected_value, rel=1e-9)
        np.testing.assert_allclose(x, expected, rtol=1e-6, atol=1e-9)
    assert ours.value == min(value for value, _ in seen)
    assert function(ours.x)[0] == ours.value
    return ours


def quadratic(curvatures, slope, rank=0, rng=None):
    """Return f(x) = slope'x + 1/2 x'(diag(curvatures) + U U')x, U of `rank` columns."""
    u = np.zeros((rank, len(slope)))
    if rank:
        u = rng.normal(size=u.shape) / np.sqrt(len(slope))

    def function(x):
        hx = curvatures * x + (u @ x) @ u
        return slope @ x + 0.5 * x @ hx, slope + hx

    return function


def bounds(kind, n, rng):
    lower, upper = -rng.uniform(0.2, 1.0, n), rng.uniform(0.2, 1.0, n)
    if kind == "some infinite":
        lower[::2], upper[::3] = -np.inf, np.inf
    elif kind == "some equal":
        lower[::3] = upper[::3]
    elif kind == "none":
        lower, upper = np.full(n, -np.inf), np.full(n, np.inf)
    return lower, upper


@pytest.mark.parametrize("kind", ["box", "some infinite", "some equal", "none"])
@pytest.mark.parametrize("n", [2, 7, 100, 3000, 100_000])
@pytest.mark.parametrize("start", ["inside", "on bounds"])
def test_convex_quadratics_go_scipys_way(n, kind, start):
    """Ten iterations: after more, rounding decides the steps near a minimum."""
    rng = np.random.default_rng(n)
    lower, upper = bounds(kind, n, rng)
    function = quadratic(10 ** rng.uniform(-1, 1.5, n), rng.normal(size=n), 3, rng)
    x = rng.uniform(-0.2, 0.2, n)
    if start == "on bounds":
        x = np.where(np.isfinite(lower), lower, x)
    iterations = 3 if n < 10 else 10
    check_against_scipy(function, np.clip(x, lower, upper), lower, upper, iterations)


@pytest.mark.parametrize("n", [2, 7, 100, 3000, 100_000])
def test_saddles_in_a_box_go_scipys_way(n):
    rng = np.random.default_rng(n)
    lower, upper = bounds("box", n, rng)
    curvatures = 10 ** rng.uniform(-1, 1.5, n) * rng.choice([-1, 1, 1, 1], n)
    function = quadratic(curvatures, rng.normal(size=n), 3, rng)
    iterations = 3 if n < 10 else 10
    found = check_against_scipy(function, np.zeros(n), lower, upper, iterations)
    assert np.any((found.x == lower) | (found.x == upper))


@pytest.mark.parametrize(
    ("n", "iterations"), [(2, 8), (10, 8), (50, 8), (10, 16), (50, 16)]
)
def test_rosenbrocks_valley_goes_scipys_way(n, iterations):
    """Long line searches. 16 iterations turn the memory of 10 pairs over.

    Two variables get 8: ten pairs of so few are dependent, and SciPy itself then moves
    by 1e-9 if its start moves by an ulp.
    """
    lower, upper = np.full(n, -1.5), np.where(np.arange(n) % 2, np.inf, 0.8)
    start = np.where(np.arange(n) % 2, 1.0, -1.2)

    def rosenbrock(x):
        return optimize.rosen(x), optimize.rosen_der(x)

    check_against_scipy(rosenbrock, start, lower, upper, iterations)


def test_a_line_search_that_grows_to_a_whole_step_ends_at_the_cauchy_point():
    """With one bound missing the first step is short; here each one is too short."""
    lower, upper = np.array([-1.0, -np.inf]), np.array([2.0, 3.0])
    function = quadratic(np.array([0.0, 1e-3]), np.array([-30.0, -40.0]))
    found = check_against_scipy(function, np.zeros(2), lower, upper, 1)
    assert list(found.x) == [2.0, 3.0]
    assert found.evaluations > 2


def test_an_uphill_projection_is_truncated(monkeypatch):
    """Seeds in which MN's projection points uphill, found by trying."""
    truncated = []
    inner = lbfgsb._Model.feasible_share
    monkeypatch.setattr(
        lbfgsb._Model,
        "feasible_share",
        lambda model: truncated.append(inner(model)) or truncated[-1],
    )
    for seed in range(300):
        rng = np.random.default_rng(seed)
        q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        hessian, slope = q * 10 ** rng.uniform(-1, 2, 3) @ q.T, rng.normal(size=3)
        before = len(truncated)

        def function(x, hessian=hessian, slope=slope):
            return slope @ x + 0.5 * x @ hessian @ x, slope + hessian @ x

        start = rng.uniform(-0.1, 0.1, 3)
        limits = {"max_iterations": 4, "max_evaluations": 100}
        minimise(function, start, -0.1, 0.1, **limits)
        if len(truncated) > before:
            check_against_scipy(function, start, np.full(3, -0.1), np.full(3, 0.1), 4)
    assert len(truncated) > 1
    assert all(0.0 <= share < 1.0 for share in truncated)


def test_a_linear_function_reaches_the_corner():
    rng = np.random.default_rng(0)
    slope, half_widths = rng.normal(size=400), 1e-3 * (1 + np.abs(rng.normal(size=400)))
    found = minimise(
        lambda x: (slope @ x, slope), np.zeros(400), -half_widths, half_widths, **FEW
    )
    assert found.value == pytest.approx(-np.abs(slope) @ half_widths, rel=1e-12)
    assert np.all(np.abs(found.x) == half_widths)


@pytest.mark.parametrize("centre", [-3.0, 0.4, 3.0])
def test_one_variable(centre):
    found = check_against_scipy(
        lambda x: (float((x[0] - centre) ** 2), 2 * (x - centre)),
        *(np.array([0.1]), np.array([-1.0]), np.array([1.0])),
    )
    assert found.x == pytest.approx(np.clip([centre], -1, 1))


@pytest.mark.parametrize("at", [0.0, 1.0])
def test_a_start_at_the_solution_is_kept(at):
    """Within the box the gradient is 0; on the bound it points out of it."""
    found = minimise(
        lambda x: (-x[0] * at, np.array([-at])), np.array([at]), -1, 1, **FEW
    )
    assert list(found.x) == [at]
    assert (found.iterations, found.evaluations) == (0, 1)
    assert found.message == lbfgsb.CONVERGED_GRADIENT


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_evaluations_never_exceed_their_limit(limit):
    function, seen = recorded(
        lambda x: (optimize.rosen(x), optimize.rosen_der(x)),
    )
    start = np.full(6, -1.2)
    found = minimise(function, start, -2, 2, max_iterations=50, max_evaluations=limit)
    assert found.evaluations == len(seen) == limit
    assert found.message == f"STOP: {limit} EVALUATIONS OF F AND G"
    assert found.value == min(value for value, _ in seen)


def test_one_iteration():
    function = quadratic(np.array([1.0, 10.0]), np.array([1.0, -1.0]))
    found = check_against_scipy(function, np.zeros(2), -np.ones(2), np.ones(2), 1)
    assert found.iterations == 1
    assert found.message == lbfgsb.OUT_OF_ITERATIONS


@pytest.mark.parametrize("spoilt", ["value", "gradient"])
def test_the_search_ends_at_a_point_that_is_not_finite(spoilt):
    """The best point is one of those before it."""

    def function(x):
        value, gradient = optimize.rosen(x), optimize.rosen_der(x)
        if len(seen) == 3:
            value = -np.inf if spoilt == "value" else value
            gradient = gradient * np.where(spoilt == "gradient", np.nan, 1.0)
        return value, gradient

    counted, seen = recorded(function)
    found = minimise(counted, np.full(3, -1.2), -2, 2, **FEW)
    assert found.message == lbfgsb.NOT_FINITE
    assert found.evaluations == 4
    assert found.value == min(value for value, _ in seen[:3])
    assert np.isfinite(found.x).all()


def test_a_first_value_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="at the start must be finite. Received: nan"):
        minimise(lambda x: (np.nan, x), np.ones(2), -1, 1, **FEW)


def test_crossed_bounds_are_refused():
    with pytest.raises(ValueError, match="at most its upper bound"):
        minimise(
            lambda x: (0.0, x), np.ones(2), np.ones(2), np.array([2.0, 0.5]), **FEW
        )


def test_a_cap_below_one_is_refused():
    with pytest.raises(ValueError, match="Received: 0, 5, 10"):
        minimise(
            lambda x: (0.0, x), np.ones(2), 0, 1, max_iterations=0, max_evaluations=5
        )


def test_the_function_may_use_one_array_for_all_gradients():
    rng = np.random.default_rng(0)
    function = quadratic(10 ** rng.uniform(-1, 2, 50), rng.normal(size=50))
    gradient = np.empty(50)

    def reusing(x):
        value, gradient[:] = function(x)
        return value, gradient

    found, expected = (
        minimise(f, np.zeros(50), -0.3, 0.3, **FEW) for f in (reusing, function)
    )
    assert found.value == expected.value
    assert found.evaluations == expected.evaluations


@pytest.mark.parametrize(("ftol", "gtol"), [(1e-4, 0.0), (0.0, 1e-3)])
def test_tolerances_end_the_search_where_scipy_ends_it(ftol, gtol):
    rng = np.random.default_rng(1)
    function = quadratic(10 ** rng.uniform(-1, 1, 50), rng.normal(size=50))
    limits = {"max_iterations": 100, "max_evaluations": 100}
    found = minimise(function, np.zeros(50), -0.3, 0.3, ftol=ftol, gtol=gtol, **limits)
    expected = optimize.minimize(
        function,
        np.zeros(50),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-0.3, 0.3)] * 50,
        options={"ftol": ftol, "gtol": gtol},
    )
    assert (found.iterations, found.evaluations) == (expected.nit, expected.nfev)
    assert found.message.startswith("CONVERGENCE")


def test_the_best_point_is_kept_where_the_last_one_is_higher():
    """In line searches over waves. Arrays of points that are left are used again."""
    kept = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        slope, waves = rng.normal(size=2), rng.uniform(5, 30, 2)

        def function(x, slope=slope, waves=waves):
            value = (slope + 0.5 * x) @ x + 0.1 * np.cos(waves * x).sum()
            return value, slope + x - 0.1 * waves * np.sin(waves * x)

        counted, seen = recorded(function)
        found = minimise(counted, rng.uniform(-1, 1, 2), -2, 2, **FEW)
        assert function(found.x)[0] == found.value == min(value for value, _ in seen)
        kept += found.value < seen[-1][0]
    assert kept > 1


def test_pairs_that_spoil_b_are_forgotten(monkeypatch):
    """Where rounding makes B indefinite, which here a second update pretends."""
    updates, inner = [], lbfgsb._Pairs.update

    def update(pairs, columns):
        updates.append(len(pairs))
        if len(updates) == 2:
            raise np.linalg.LinAlgError
        inner(pairs, columns)

    monkeypatch.setattr(lbfgsb._Pairs, "update", update)
    rng = np.random.default_rng(0)
    function = quadratic(10 ** rng.uniform(-1, 1, 20), rng.normal(size=20))
    found = minimise(function, np.zeros(20), -0.3, 0.3, **FEW)
    assert found.iterations == FEW["max_iterations"]
    assert updates[:5] == [1, 2, 1, 2, 3]


def test_equal_pairs_make_b_indefinite():
    pairs = lbfgsb._Pairs(10)

    def add():
        pairs.add(np.array([1.0, 1e8]), np.array([1.0, 0.0]))
        w = pairs.at(slice(None))
        pairs.update(w[-2:] @ w.T)

    add()
    with pytest.raises(np.linalg.LinAlgError):
        add()


@pytest.mark.parametrize("seed", [134, 145, 176])
def test_the_longest_step_ends_on_the_bound(seed):
    """A step that ends a rounding before it would cost one of few iterations."""
    rng = np.random.default_rng(seed)
    x, slope = rng.normal(size=400), rng.normal(size=400)
    upper = 1e-3 * (np.abs(x) + 1)
    slope *= 0.1 / np.abs(slope).max()
    found = minimise(lambda z: (slope @ z, slope), np.zeros(400), -upper, upper, **FEW)
    assert found.value == pytest.approx(-np.abs(slope) @ upper, rel=1e-12)


def in_float32(function):
    """Return `function` as a network has it: of a float32 x, gradient in float32."""

    def wrapped(x):
        assert x.dtype == np.float32
        value, gradient = function(x.astype(np.float64))
        return value, gradient.astype(np.float32)

    return wrapped


@pytest.mark.parametrize("kind", ["box", "some infinite", "some equal", "none"])
def test_a_start_in_float32_finds_the_solution_in_float32(kind):
    """A separable quadratic: its minimiser without bounds, projected into the box."""
    rng = np.random.default_rng(1)
    lower, upper = (b.astype(np.float32) for b in bounds(kind, 200, rng))
    curvatures, slope = 10 ** rng.uniform(-1, 0.5, 200), rng.normal(size=200)
    function = in_float32(quadratic(curvatures, slope))
    start = np.clip(np.zeros(200, np.float32), lower, upper)
    limits = {"max_iterations": 100, "max_evaluations": 200}
    found = minimise(function, start, lower, upper, **limits)
    free = -slope / curvatures
    expected = np.clip(free, lower, upper)
    assert found.x.dtype == np.float32
    np.testing.assert_allclose(found.x, expected, rtol=1e-4, atol=1e-4)
    assert found.value == pytest.approx(function(expected.astype(np.float32))[0], 1e-5)
    outside = (free < lower) | (free > upper)
    assert outside.any() == (kind != "none")
    assert list(found.x[outside]) == list(expected[outside])


@pytest.mark.parametrize("n", [100, 100_000])
@pytest.mark.parametrize("kind", ["box", "some infinite", "some equal", "none"])
def test_float32_goes_the_way_of_float64(n, kind):
    rng = np.random.default_rng(n)
    lower, upper = bounds(kind, n, rng)
    curvatures = 10 ** rng.uniform(-1, 1.5, n)
    if kind == "box":
        curvatures *= rng.choice([-1, 1, 1, 1], n)
    function = quadratic(curvatures, rng.normal(size=n), 3, rng)
    start = np.clip(rng.uniform(-0.2, 0.2, n).astype(np.float32), lower, upper)
    found = minimise(in_float32(function), start.astype("f4"), lower, upper, **FEW)
    expected = minimise(function, start, lower, upper, **FEW)
    assert (found.iterations, found.evaluations) == (10, expected.evaluations)
    assert found.value == pytest.approx(expected.value, rel=1e-5)


def test_bounds_are_rounded_to_float32():
    slope = np.array([1.0, -1.0])
    found = minimise(lambda x: (slope @ x, slope), np.zeros(2, "f4"), -0.1, 0.1, **FEW)
    assert list(found.x) == [np.float32(-0.1), np.float32(0.1)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_is_that_of_the_pairs_and_three_vectors(dtype):
    """Ten iterations, nine pairs; blocks and lists of breakpoints take the rest."""
    n = 1_000_000
    rng = np.random.default_rng(0)
    curvatures = (10 ** rng.uniform(-1, 1.5, n)).astype(dtype)
    slope, upper = rng.normal(size=n).astype(dtype), np.full(n, 0.3, dtype)
    start, lower, gradient = np.zeros(n, dtype), -upper, np.empty(n, dtype)

    def function(x):
        np.multiply(curvatures, x, out=gradient)
        value = np.vdot(x, gradient) / 2 + np.vdot(slope, x)
        np.add(gradient, slope, out=gradient)
        return value, gradient

    tracemalloc.start()
    found = minimise(function, start, lower, upper, **FEW)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.iterations == found.evaluations - 1 == 10
    itemsize = np.dtype(dtype).itemsize
    assert 20 * itemsize < peak / n < 21 * itemsize + 8


def noisy(function, noise, rng):
    """Return `function` with uniform noise on its value and a gradient in float32."""

    def wrapped(x):
        value, gradient = function(x)
        return value + rng.uniform(-noise, noise), gradient.astype(np.float32)

    return wrapped


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("half_width", [0.3, 3.0])
def test_the_search_ends_where_rounding_hides_the_gain(seed, half_width):
    """Without `rounding` it goes on, in line searches that find noise."""
    noise, limits = 1e-5, {"max_iterations": 100, "max_evaluations": 100}
    rng = np.random.default_rng(seed)
    smooth = quadratic(10 ** rng.uniform(-1, 0.5, 50), rng.normal(size=50))
    function = noisy(smooth, noise, rng)
    box = np.zeros(50), -half_width, half_width
    found = minimise(function, *box, rounding=2 * noise, **limits)
    assert found.message == lbfgsb.BELOW_ROUNDING
    assert found.evaluations <= 18
    least = minimise(smooth, *box, **limits).value
    assert smooth(found.x)[0] == pytest.approx(least, abs=10 * noise)
    endless = minimise(function, *box, **limits)
    assert endless.evaluations >= found.evaluations + 6


@pytest.mark.parametrize("seed", range(10))
def test_a_start_at_a_noisy_minimum_takes_few_evaluations(seed):
    """Here no pair informs the first line search. It must end on its own."""
    noise = 1e-5
    rng = np.random.default_rng(seed)
    function = noisy(quadratic(np.full(50, 3.0), np.zeros(50)), noise, rng)
    start = rng.uniform(-1e-4, 1e-4, 50)
    found = minimise(function, start, -1, 1, rounding=2 * noise, **FEW)
    assert found.message == lbfgsb.BELOW_ROUNDING
    assert found.evaluations <= 3


def test_rounding_leaves_a_search_with_real_gain_alone():
    """Where B has no pairs, the curvature can gain more than the slope says."""
    function = quadratic(np.full(50, -1.0), np.full(50, 1e-4))
    limits = {"max_iterations": 3, "max_evaluations": 100}
    expected, found = (
        minimise(function, np.zeros(50), -0.3, 0.3, rounding=rounding, **limits)
        for rounding in (0.0, 1e-5)
    )
    assert list(found.x) == list(expected.x) == [-0.3] * 50
    assert found.evaluations == expected.evaluations


def test_an_exhausted_interval_keeps_its_gain():
    """At a kink the interval shrinks to the best step, which then is tried again."""
    kink = np.array([0.3, -0.2])

    def function(x):
        return np.abs(x - kink).sum(), np.sign(x - kink)

    found = minimise(function, np.zeros(2), -1, 1, rounding=1e-4, **FEW)
    assert found.message == lbfgsb.BELOW_ROUNDING
    assert found.value < 1e-3


def pairs_and_hessian(n, count, rng, memory=10):
    """Return pairs of a convex quadratic, and the B that they make, by BFGS updates."""
    hessian = np.diag(rng.uniform(0.5, 5.0, n))
    pairs, kept = lbfgsb._Pairs(memory), []
    for _ in range(count):
        s = rng.normal(size=n)
        y = hessian @ s
        scale = (s @ y) ** -0.5
        pairs.add(scale * y, scale * s)
        w = pairs.at(slice(None))
        pairs.update(w[-2:] @ w.T)
        kept = [*kept, (s, y)][-memory:]
    s, y = kept[-1]
    b = (y @ y) / (s @ y) * np.eye(n)
    for s, y in kept:
        b += np.outer(y, y) / (s @ y) - np.outer(b @ s, b @ s) / (s @ b @ s)
    return pairs, b


@pytest.mark.parametrize("count", [1, 3, 5])
def test_the_compact_representation_is_that_of_bfgs_updates(count):
    """Also once the memory, here of three pairs, has turned over."""
    pairs, b = pairs_and_hessian(8, count, np.random.default_rng(count), memory=3)
    w = pairs.at(slice(None))
    np.testing.assert_allclose(
        pairs.theta * np.eye(8) - w.T @ pairs.m @ w, b, rtol=1e-9
    )


def naive_cauchy_time(b, t, d, gradient):
    """Return t* of the first local minimiser of the model, one breakpoint at a time."""
    ends = [0.0, *np.unique(t[(t > 0) & np.isfinite(t)]), np.inf]
    for start, end in itertools.pairwise(ends):
        moving = np.where(t > start, d, 0.0)
        if not moving.any():
            return start
        z = d * np.minimum(t, start)
        slope, curvature = (gradient + b @ z) @ moving, moving @ b @ moving
        wait = -slope / curvature
        if wait < end - start:
            return start + max(wait, 0.0)
    raise AssertionError("The model has no minimiser.")


@pytest.mark.parametrize("sample", [1 << 12, 32])
@pytest.mark.parametrize("batch", [1, 256])
def test_the_cauchy_point_is_the_first_local_minimiser(monkeypatch, batch, sample):
    """However many breakpoints are looked up, and passed, at a time."""
    monkeypatch.setattr(lbfgsb, "SAMPLE", sample)
    monkeypatch.setattr(
        lbfgsb, "_batches", lambda i: np.split(i, range(batch, len(i), batch))
    )
    passed = 0
    for seed in range(50):
        rng = np.random.default_rng(seed)
        n = 12
        pairs, b = pairs_and_hessian(n, 4, rng)
        x, gradient = rng.uniform(-0.5, 0.5, n), rng.normal(size=n)
        box = lbfgsb._Box(-0.6, 0.6, n, np.float64)
        path = lbfgsb._Path(x, gradient, box, pairs)
        found, c = lbfgsb._cauchy_point(path)
        d = path.d(slice(None))
        assert found == pytest.approx(
            naive_cauchy_time(b, path.t, d, gradient), rel=1e-9
        )
        z = d * np.minimum(path.t, found)
        np.testing.assert_allclose(c, pairs.at(slice(None)) @ z, atol=1e-10)
        passed += np.count_nonzero(path.t <= found)
    assert passed > 50


@pytest.mark.parametrize("free_count", [2, 9])
def test_the_subspace_minimiser_solves_the_reduced_system(free_count):
    """Whether most of the variables are free or few are."""
    rng = np.random.default_rng(free_count)
    n, t_star = 12, 0.05
    pairs, b = pairs_and_hessian(n, 4, rng)
    w, d = pairs.at(slice(None)), rng.normal(size=n)
    path = lbfgsb._Path(np.zeros(n), -d, lbfgsb._Box(-9, 9, n, np.float64), pairs)
    free = np.arange(n) < free_count
    path.t[:] = np.where(free, 1.0, rng.uniform(0, t_star, n))
    z = d * np.minimum(path.t, t_star)
    a = lbfgsb._subspace_minimiser(path, t_star, w @ z)
    step = (d / pairs.theta + a @ w)[free]
    reduced_gradient = (-d + b @ z)[free]
    expected = z[free] - np.linalg.solve(b[np.ix_(free, free)], reduced_gradient)
    np.testing.assert_allclose(step, expected, rtol=1e-8)
