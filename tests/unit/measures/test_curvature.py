"""Curvature has its closed forms, and errors that cover them."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import special

from sharpminima.measures import curvature

N = 80
PARTS = [("first", slice(0, 30)), ("second", slice(30, N))]
SETTINGS = {"eigenvalues": 3, "products": 30, "tolerance": 1e-2, "probes": 10}
RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class Matrices:
    """Two matrices. They stand for the products of a loss."""

    h: np.ndarray
    g: np.ndarray

    def hessian(self, v):
        return self.h @ v

    def gauss_newton(self, v):
        return self.g @ v


def spread(values):
    """Return a matrix with these eigenvalues and no preferred coordinates."""
    vectors = np.linalg.qr(RNG.normal(size=(len(values), len(values))))[0]
    return vectors @ np.diag(values) @ vectors.T


# As at a minimum of a network: a few large ones, many about zero, and a negative one.
VALUES = np.array([-0.5, *np.linspace(-0.05, 0.2, N - 6), 1.0, 2.0, 3.0, 4.0, 9.0])
HESSIAN = spread(VALUES)
GAUSS_NEWTON = spread(np.maximum(VALUES, 0.0))


def measured(h=HESSIAN, g=GAUSS_NEWTON, seed=0, **changes):
    return curvature.measure(Matrices(h, g), PARTS, SETTINGS | changes, seed)


def test_eigenvalues_are_those_of_the_matrices():
    row = measured()[0]
    assert row["largest_eigenvalue"] == pytest.approx(9.0, rel=1e-3)
    assert row["smallest_eigenvalue"] == pytest.approx(-0.5, rel=1e-2)
    assert row["gauss_newton_eigenvalue"] == pytest.approx(9.0, rel=1e-3)
    largest = [float(value) for value in row["eigenvalues"].split()]
    assert largest == pytest.approx([9.0, 4.0, 3.0], rel=1e-3)
    residuals = [float(value) for value in row["residuals"].split()]
    assert residuals[0] == row["largest_residual"]
    # The rule stops a little later, at the next product.
    for value, residual in zip(largest, residuals, strict=True):
        assert residual < 1e-2 * value
    assert row["smallest_residual"] < 1e-2 * 0.5
    assert row["gauss_newton_residual"] < 1e-2 * 9.0


def test_it_takes_no_more_products_than_it_must():
    row = measured(products=N)[0]
    assert row["hessian_products"] < N
    few = measured(products=N, eigenvalues=1, tolerance=0.1)[0]
    for name in ("hessian_products", "gauss_newton_products"):
        assert few[name] < row[name]
    most = measured(products=5)[0]
    # Lanczos, a product for each end, and the probes.
    assert most["hessian_products"] == 5 + 4 + 10
    assert most["gauss_newton_products"] == 5 + 1 + 10
    assert most["smallest_residual"] > 1e-2 * 0.5


def test_the_ends_of_a_diagonal_matrix_are_exact():
    """Products in float64 lose no digit, though the basis is in float32."""
    entries = np.linspace(1.0, 2.0, N)
    whole = measured(np.diag(entries), np.diag(entries), products=N, tolerance=0.0)[0]
    assert whole["largest_eigenvalue"] == pytest.approx(2.0, rel=1e-11)
    assert whole["smallest_eigenvalue"] == pytest.approx(1.0, rel=1e-11)
    assert whole["gauss_newton_eigenvalue"] == pytest.approx(2.0, rel=1e-11)
    assert whole["largest_residual"] < 1e-5
    error = whole["trace_standard_error"]
    assert abs(whole["trace"] - entries.sum()) < 4.0 * error < 0.1 * entries.sum()


def test_a_matrix_of_rank_one_has_no_error_either():
    u = RNG.normal(size=N)
    matrix = np.outer(u, u)
    first, *layers = measured(matrix, matrix, eigenvalues=1)
    for name in ("trace", "frobenius_norm", "largest_eigenvalue"):
        assert first[name] == pytest.approx(u @ u, rel=1e-5)
    assert abs(first["smallest_eigenvalue"]) < 1e-5 * (u @ u)
    assert first["trace_standard_error"] < 1e-5 * (u @ u)
    expected = [u[part] @ u[part] for _, part in PARTS]
    assert [row["trace"] for row in layers] == pytest.approx(expected, rel=1e-4)


QUANTITIES = {
    "trace": np.trace(HESSIAN),
    "gauss_newton_trace": np.trace(GAUSS_NEWTON),
    "frobenius_norm": np.linalg.norm(HESSIAN),
    "gauss_newton_share": np.trace(GAUSS_NEWTON) / np.trace(HESSIAN),
}


def test_intervals_cover_the_exact_values_at_their_rate():
    """Over 300 seeds, which draw other probes and other bases."""
    seeds, quantile = 300, special.stdtrit(SETTINGS["probes"] - 1, 0.975)
    covered = dict.fromkeys([*QUANTITIES, "first", "second"], 0)
    for seed in range(seeds):
        whole, *layers = measured(seed=seed, products=8)
        found = [(name, whole, name, exact) for name, exact in QUANTITIES.items()]
        for row, (name, part) in zip(layers, PARTS, strict=True):
            found.append((name, row, "trace", np.trace(HESSIAN[part, part])))
        for name, row, column, exact in found:
            half = quantile * row[f"{column}_standard_error"]
            covered[name] += abs(row[column] - exact) <= half
    # Three deviations of a count about 95 %. The last two are only nearly normal.
    for name, count in covered.items():
        assert 0.91 <= count / seeds <= 0.99, (name, count / seeds)


def test_what_lanczos_knows_makes_the_error_smaller():
    errors = [
        [measured(seed=s, products=m)[0]["trace_standard_error"] for s in range(9)]
        for m in (4, 20)
    ]
    assert np.mean(errors[1]) < 0.4 * np.mean(errors[0])


def test_layers_add_up():
    whole, *layers = measured()
    assert [row["layer"] for row in (whole, *layers)] == ["all", "first", "second"]
    for name in ("trace", "gauss_newton_trace"):
        assert sum(row[name] for row in layers) == pytest.approx(whole[name])


def test_noise_of_products_shows_in_the_residuals():
    """As where products in float32 have nearly cancelled."""
    noise = np.random.default_rng(0)

    class Noisy(Matrices):
        def hessian(self, v):
            return super().hessian(v) + 0.1 * noise.normal(size=N) / np.sqrt(N)

    given = Noisy(HESSIAN, GAUSS_NEWTON), PARTS, SETTINGS | {"products": N}, 0
    row = curvature.measure(*given)[0]
    assert 0.05 < row["largest_residual"] < 0.3
    assert measured(products=N)[0]["largest_residual"] < 0.05


def test_a_tiny_matrix_has_as_many_eigenvalues_as_rows():
    parts = [("only", slice(0, 2))]
    matrices = Matrices(np.diag([1.0, 3.0]), np.diag([1.0, 3.0]))
    row = curvature.measure(matrices, parts, SETTINGS, 0)[0]
    assert [float(v) for v in row["eigenvalues"].split()] == pytest.approx([3.0, 1.0])
    assert row["smallest_eigenvalue"] == pytest.approx(1.0)


def test_a_seed_draws_its_own_vectors():
    assert measured() == measured()
    assert measured()[0]["trace"] != measured(seed=1)[0]["trace"]


def test_a_diverged_run_has_the_numbers_of_the_first_row_without_values():
    (row,), found = curvature.not_measured(), measured()[0]
    texts = {"eigenvalues", "residuals", "hessian_products", "gauss_newton_products"}
    assert set(row) == set(found) - texts
    assert row.pop("layer") == "all"
    assert np.isnan([*row.values()]).all()


def test_a_plan_counts_the_most_products():
    planned = curvature.planned({"curvature": SETTINGS}, {})
    assert planned.hessian_products == 30 + 4 + 10
    assert planned.gauss_newton_products == 30 + 1 + 10
    assert planned.vectors == 30
