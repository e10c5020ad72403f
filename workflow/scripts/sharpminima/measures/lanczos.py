"""Lanczos: eigenvalues of a symmetric matrix that is known by its products only.

After m products the method holds an orthonormal basis Q of m vectors and the
tridiagonal matrix T = Q^T H Q, whose ends approach those of H's spectrum. Full
reorthogonalisation keeps Q orthonormal, so no eigenvalue shows up twice.

Source: Golub and Van Loan 2013, Matrix Computations, section 10.1 to 10.3. Basis
vectors are in float32, since there are many of them and products have no more digits.
Knows nothing of Keras.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sharpminima.jobs import unfinished

Product = Callable[[np.ndarray], np.ndarray]

# Of the largest eigenvalue: what is smaller is rounding of products in float32.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Krylov:
    """What Lanczos knows of a matrix H after m products with it.

    Attributes:
        basis: Q^T, shape `(m, n)`, float32. Its rows are orthonormal.
        diagonal: Of T, shape `(m,)`.
        beside: What stands beside the diagonal of T, shape `(m,)`. The last entry is
            the length of what the last product adds to the basis.
    """

    basis: np.ndarray
    diagonal: np.ndarray
    beside: np.ndarray

    @property
    def matrix(self) -> np.ndarray:
        """T, shape `(m, m)`."""
        beside = self.beside[:-1]
        return np.diag(self.diagonal) + np.diag(beside, 1) + np.diag(beside, -1)

    def eigen(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the eigenvalues of T in ascending order, and its eigenvectors."""
        from scipy.linalg import eigh_tridiagonal  # slow to import; a plan needs none

        return eigh_tridiagonal(self.diagonal, self.beside[:-1])

    def residuals(self) -> np.ndarray:
        """Return |H y - theta y| of each eigenvalue theta of T and its vector Q s.

        They are those of exact arithmetic, and take no product.
        """
        return np.abs(self.beside[-1] * self.eigen()[1][-1])

    def vector(self, number: int) -> np.ndarray:
        """Return the unit vector of an eigenvalue, by its place in `eigen`."""
        weights = self.eigen()[1][:, number].astype(np.float32)
        vector = (weights @ self.basis).astype(np.float64)
        return vector / np.linalg.norm(vector)

    def approximate(self, vector: np.ndarray) -> np.ndarray:
        """Return the product of Q T Q^T with a vector, shape `(n,)`."""
        inner = self.matrix @ (self.basis @ vector.astype(np.float32))
        return (inner.astype(np.float32) @ self.basis).astype(np.float64)

    def traces(self, parts: Sequence[slice]) -> np.ndarray:
        """Return the trace of each diagonal block of Q T Q^T.

        Args:
            parts: The coordinates of each block.
        """
        blocks = (self.basis[:, part] for part in parts)
        return np.array([np.vdot(self.matrix, block @ block.T) for block in blocks])


def lanczos(
    product: Product,
    n: int,
    rng: np.random.Generator,
    *,
    most: int,
    enough: Callable[[Krylov], bool] = lambda krylov: False,
    step: Callable = unfinished.now,
) -> Krylov:
    """Return what at most `most` products tell of a symmetric matrix.

    Args:
        product: Maps a vector, shape `(n,)`, to the product of the matrix with it.
        n: Number of rows of the matrix.
        rng: Draws the first vector.
        most: Largest number of products.
        enough: Tells whether to stop, after each product.
        step: Takes a product, or knows it from before (see `unfinished.Steps`).
    """
    most = min(most, n)
    # The system gives memory to a row when it is first written.
    basis = np.empty((most, n), np.float32)
    basis[0] = _unit(rng.normal(size=n))
    diagonal, beside = np.zeros(most), np.zeros(most)
    for count in range(1, most + 1):
        # Where the basis spans all that products reach, go on from anywhere else: there
        # may be more eigenvalues. Drawn here, so that a job that goes on draws it, too.
        anywhere = rng.normal(size=n)
        found = step(
            partial(_next, product, basis, count, (diagonal, beside), anywhere)
        )
        diagonal[count - 1], beside[count - 1] = found["diagonal"], found["beside"]
        krylov = Krylov(basis[:count], diagonal[:count], beside[:count])
        if count == most or enough(krylov):
            return krylov
        basis[count] = found["vector"]


def _next(product, basis, count, known, anywhere):
    """Return the next vector of a basis of `count`, and T's entries before it."""
    diagonal, beside = (values[: count - 1] for values in known)
    # Step 1: a product, without its part in the basis. Twice, since rounding leaves
    # some of it.
    vector = product(basis[count - 1].astype(np.float64))
    vector, inner = _orthogonal(vector, basis[:count])
    length = np.linalg.norm(vector)
    # Step 2: the basis is full, or holds all directions that products reach.
    size = np.max(np.abs([*diagonal, *beside, inner[-1], length]))
    if count == len(basis):
        vector = np.zeros(0)
    elif length <= ROUNDING * size:
        length, vector = 0.0, _orthogonal(anywhere, basis[:count])[0]
    if len(vector):
        vector = _unit(vector).astype(np.float32)
    return {"diagonal": inner[-1], "beside": float(length), "vector": vector}


def _orthogonal(vector, basis):
    """Return a vector without its part in a basis, and its coordinates in there."""
    coordinates = np.zeros(len(basis))
    for _ in range(2):
        found = basis @ vector.astype(np.float32)
        vector = vector - found @ basis
        coordinates += found
    return vector, coordinates


def _unit(vector):
    return vector / np.linalg.norm(vector)


def converged(tolerance: float, wanted: Sequence[int], krylov: Krylov) -> bool:
    """Tell whether eigenvalues are known well enough.

    Args:
        tolerance: The largest residual, as a share of the eigenvalue.
        wanted: The places of the eigenvalues in `Krylov.eigen`.
        krylov: What is known.
    """
    values, residuals = krylov.eigen()[0], krylov.residuals()
    # One vector more than is wanted: the next eigenvalue may still turn up on top.
    if len(values) <= len(wanted):
        return False
    # Below rounding there is nothing to find.
    small = np.maximum(tolerance * np.abs(values), ROUNDING * np.abs(values).max())
    return bool(np.all((residuals <= small)[wanted]))


def eigenpair(product: Product, vector: np.ndarray) -> dict[str, float]:
    """Return the `eigenvalue` that a unit vector y tells, and its `residual`.

    The eigenvalue is y^T H y, and the residual |H y - (y^T H y) y|. An eigenvalue of H
    lies within the residual. It takes a product, so it holds what rounding does.
    """
    image = product(vector)
    value = float(vector @ image)
    residual = float(np.linalg.norm(image - value * vector))
    return {"eigenvalue": value, "residual": residual}
