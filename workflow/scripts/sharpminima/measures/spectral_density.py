"""Spectral density: how the eigenvalues of the Hessian are spread, by quadrature.

The density is 1/n sum_i delta(t - lambda_i). For a random unit vector v it is the mean
of sum_i (q_i . v)^2 delta(t - lambda_i), with H's eigenvectors q_i. Lanczos from v
gives the Gauss quadrature of that sum: its nodes are the eigenvalues of T, and their
weights are the squares of the first entries of T's eigenvectors. With m products the
first 2m - 1 moments are exact for each v.

Source: Ubaru, Chen and Saad 2017, SIAM J. Matrix Analysis 38; Ghorbani et al. 2019
(arXiv:1901.10159). Knows nothing of Keras.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from sharpminima import streams
from sharpminima.jobs import unfinished
from sharpminima.measures.lanczos import Product, lanczos
from sharpminima.measures.planned import Planned


def measure(
    product: Product,
    n: int,
    settings: Mapping,
    seed: int,
    step: Callable = unfinished.now,
) -> Iterator[dict]:
    """Yield the nodes of each probe's quadrature, in ascending order.

    Args:
        product: Maps a vector, shape `(n,)`, to the Hessian's product with it.
        n: Number of parameters.
        settings: How many `probes`, and how many `products` each takes.
        seed: The run's seed. It names the stream of probes.
        step: Takes a product, or knows it from before (see `unfinished.Steps`).

    Yields:
        `probe`, `eigenvalue` (nats per example and squared unit of x), and `weight`,
        the share of all eigenvalues that lie about there. A probe's weights sum to 1.
    """
    for probe in range(settings["probes"]):
        rng = streams.generator("spectral density", seed, probe)
        krylov = lanczos(product, n, rng, most=settings["products"], step=step)
        values, vectors = krylov.eigen()
        for value, weight in zip(values, vectors[0] ** 2, strict=True):
            node = {"eigenvalue": float(value), "weight": float(weight)}
            yield {"probe": probe, **node}


def not_measured() -> Iterator[dict]:
    """Yield the row of a point without a finite loss: no values."""
    yield {"probe": 0, "eigenvalue": np.nan, "weight": np.nan}


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what the density at one checkpoint evaluates."""
    settings = config["spectral_density"]
    products = settings["products"]
    return Planned(hessian_products=settings["probes"] * products, vectors=products)
