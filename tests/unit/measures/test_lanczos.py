"""Lanczos finds the eigenvalues of matrices that are known."""

import numpy as np
import pytest

from sharpminima.measures.lanczos import eigenpair, lanczos

N = 60


def found(matrix, most=N, seed=0, **given):
    rng = np.random.default_rng(seed)
    return lanczos(lambda v: matrix @ v, len(matrix), rng, most=most, **given)


def symmetric(values, seed=1):
    """Return a matrix with these eigenvalues, and its eigenvectors as columns."""
    rng = np.random.default_rng(seed)
    vectors = np.linalg.qr(rng.normal(size=(len(values), len(values))))[0]
    return vectors @ np.diag(values) @ vectors.T, vectors


def pair(matrix, krylov, place):
    return eigenpair(lambda v: matrix @ v, krylov.vector(place))


def test_a_diagonal_has_its_entries():
    values = np.linspace(-1.0, 2.0, N)
    krylov = found(np.diag(values))
    np.testing.assert_allclose(krylov.eigen()[0], values, atol=1e-5)
    for place in (0, -1, -2):
        end = pair(np.diag(values), krylov, place)
        assert end["eigenvalue"] == pytest.approx(values[place], abs=1e-11)
        assert end["residual"] < 1e-5


def test_both_ends_come_first():
    values = np.array([-3.0, *np.linspace(0.0, 1.0, N - 3), 5.0, 8.0])
    matrix, _ = symmetric(values)
    krylov = found(matrix, most=15)
    for place, value in ((0, -3.0), (-1, 8.0), (-2, 5.0)):
        assert pair(matrix, krylov, place)["eigenvalue"] == pytest.approx(value)


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_a_matrix_of_rank_one_has_one_eigenvalue(size):
    """The basis soon holds all that products reach, and goes on elsewhere."""
    u = np.random.default_rng(0).normal(size=N)
    u /= np.linalg.norm(u)
    matrix = size * np.outer(u, u)
    krylov = found(matrix, most=10)
    values = krylov.eigen()[0]
    assert values[-1] == pytest.approx(size)
    assert np.abs(values[:-1]).max() < 1e-5 * size
    assert pair(matrix, krylov, -1)["eigenvalue"] == pytest.approx(size, rel=1e-11)
    np.testing.assert_allclose(np.abs(krylov.vector(-1)), np.abs(u), atol=1e-5)


def test_an_eigenvalue_that_comes_twice_is_found_twice_in_a_whole_basis():
    values = np.array([1.0, 1.0, 2.0, 2.0, 5.0, 5.0])
    matrix, _ = symmetric(values)
    np.testing.assert_allclose(found(matrix).eigen()[0], values, atol=1e-5)


def test_a_matrix_of_zeros_has_zeros():
    krylov = found(np.zeros((N, N)), most=5)
    np.testing.assert_array_equal(krylov.eigen()[0], np.zeros(5))
    assert pair(np.zeros((N, N)), krylov, -1) == {"eigenvalue": 0.0, "residual": 0.0}


def test_no_eigenvalue_shows_up_twice():
    """What happens without reorthogonalisation once an end has converged."""
    values = np.array([*np.linspace(0.0, 1.0, 300), 100.0, 1000.0])
    matrix, _ = symmetric(values)
    krylov = found(matrix, most=120)
    assert (krylov.eigen()[0] > 2.0).sum() == 2
    gram = krylov.basis.astype(np.float64) @ krylov.basis.T
    np.testing.assert_allclose(gram, np.eye(120), atol=1e-5)


def test_an_eigenvalue_lies_within_the_residual():
    rng = np.random.default_rng(0)
    values = np.sort(rng.normal(size=N))
    matrix, _ = symmetric(values)
    for most in range(2, 40, 3):
        krylov = found(matrix, most=most)
        residuals = krylov.residuals()
        for place in range(most):
            end = pair(matrix, krylov, place)
            nearest = np.abs(values - end["eigenvalue"]).min()
            assert nearest <= end["residual"] + 1e-12
            # What Lanczos knows agrees, as long as it is above rounding.
            assert residuals[place] == pytest.approx(end["residual"], abs=1e-5)


def test_residuals_of_a_product_show_its_noise():
    values = np.linspace(0.0, 1.0, N)
    noise = np.random.default_rng(0)

    def product(v):
        return values * v + 1e-3 * noise.normal(size=N) / np.sqrt(N)

    krylov = lanczos(product, N, np.random.default_rng(1), most=N)
    end = eigenpair(product, krylov.vector(-1))
    assert krylov.residuals()[-1] < 1e-5
    assert 3e-4 < end["residual"] < 3e-3


def test_it_stops_where_it_is_told():
    matrix, _ = symmetric(np.linspace(0.0, 1.0, N))
    seen = []

    def enough(krylov):
        seen.append(len(krylov.diagonal))
        return krylov.residuals()[-1] < 1e-2

    krylov = found(matrix, enough=enough)
    assert seen == list(range(1, len(krylov.diagonal) + 1))
    assert 3 < len(krylov.diagonal) < N
    assert krylov.residuals()[-1] < 1e-2


def test_what_it_knows_is_a_part_of_the_matrix():
    values = np.array([*np.zeros(N - 3), 1.0, 2.0, 3.0])
    matrix, _ = symmetric(values)
    krylov, parts = found(matrix, most=8), [slice(0, 20), slice(20, N)]
    v = np.random.default_rng(0).normal(size=N)
    np.testing.assert_allclose(krylov.approximate(v), matrix @ v, atol=1e-5)
    expected = [np.trace(matrix[part, part]) for part in parts]
    np.testing.assert_allclose(krylov.traces(parts), expected, atol=1e-5)


def test_the_smallest_matrix_has_one_eigenvalue():
    assert found(np.array([[4.0]])).eigen()[0] == [4.0]
