"""Curvature: eigenvalues, trace and norm of the Hessian at a point, with their errors.

At a minimum no eigenvalue of the Hessian is negative. So a negative one that lies
further from zero than its residual says that the point is none. Beside the Hessian
stands the Gauss-Newton matrix, the part of it that is never negative (see
`sharpminima.loss.products`).

- Eigenvalues at both ends of the spectrum, by Lanczos. The residual |H y - theta y|
  says how far the next eigenvalue of H can be. It comes from a product of its own, so
  it shows the noise of float32. What Lanczos itself knows of it does not.
- Trace and Frobenius norm, by Hutchinson's estimator: E z^T H z = tr H and
  E |H z|^2 = |H|^2 for random signs z. Lanczos leaves Q T Q^T, which is near to H where
  it is large. Its trace and norm are known, so only H - Q T Q^T is estimated. The
  estimate has no bias, and a smaller error for the same number of products.

Sources: Hutchinson 1990, Communications in Statistics 19; Meyer et al. 2021
(arXiv:2010.09649) on low-rank parts. Knows nothing of Keras.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sharpminima import streams
from sharpminima.jobs import unfinished
from sharpminima.measures.lanczos import converged, eigenpair, lanczos
from sharpminima.measures.planned import Planned
from sharpminima.storage.rows import WHOLE

OF_EIGENVALUES = [
    *("largest_eigenvalue", "largest_residual"),
    *("smallest_eigenvalue", "smallest_residual"),
    *("gauss_newton_eigenvalue", "gauss_newton_residual"),
]
TRACES = ["trace", "trace_standard_error"]
TRACES += [f"gauss_newton_{name}" for name in TRACES]
NORM = ["frobenius_norm", "frobenius_norm_standard_error"]
SHARE = ["gauss_newton_share", "gauss_newton_share_standard_error"]


def measure(
    products,
    parts: Sequence[tuple[str, slice]],
    settings: Mapping,
    seed: int,
    step: Callable = unfinished.now,
) -> list[dict]:
    """Return the row of a point, and the row of each of its layers.

    Args:
        products: Its methods `hessian` and `gauss_newton` map a vector, shape `(n,)`,
            to the product with it.
        parts: Name and coordinates of each layer, one after the other up to n.
        settings: See the config's section `curvature`.
        seed: The run's seed. It names the streams of random vectors, so that all
            regimes of a seed see the same ones.
        step: Takes a product, or knows what it told (see `unfinished.Steps`).

    Returns:
        Rows with `layer`, which is `all` in the first row, and with

        - `trace` and `gauss_newton_trace`, of the layer's block of the matrix, and
          their standard errors. In the first row also
        - `largest_eigenvalue`, `smallest_eigenvalue` and `gauss_newton_eigenvalue`, and
          their residuals;
        - `eigenvalues` and `residuals`: the largest ones as text, in falling order;
        - `frobenius_norm`, and `gauss_newton_share`, the share of the Gauss-Newton
          matrix in the trace, with standard errors;
        - `hessian_products` and `gauss_newton_products`: how many each took.

        Eigenvalues, traces and norms are in nats per example and per squared unit of x.
    """
    given = [part for _, part in parts], settings, seed, step
    # A matrix of fewer rows has fewer eigenvalues.
    largest = range(min(settings["eigenvalues"], parts[-1][1].stop))
    places = [-1 - place for place in largest]
    hessian = _found(
        products.hessian, *given, wanted=[*places, 0], shown=len(places) + 1
    )
    gauss_newton = _found(products.gauss_newton, *given, wanted=places, shown=1)
    traces = [matrix.traces.sum(axis=1) for matrix in (hessian, gauss_newton)]
    *top, bottom = hessian.ends
    ends = [top[0], bottom, gauss_newton.ends[0]]
    values = [end[of_end] for end in ends for of_end in ("eigenvalue", "residual")]
    whole = {
        "layer": WHOLE,
        **_traces(*traces),
        **dict(zip(OF_EIGENVALUES, values, strict=True)),
        "eigenvalues": " ".join(repr(end["eigenvalue"]) for end in top),
        "residuals": " ".join(repr(end["residual"]) for end in top),
        **_norm(hessian.squares),
        **_share(*traces),
        "hessian_products": hessian.products,
        "gauss_newton_products": gauss_newton.products,
    }
    logging.info("%s", whole)
    of_layers = zip(parts, hessian.traces.T, gauss_newton.traces.T, strict=True)
    rows = [{"layer": layer, **_traces(*of_both)} for (layer, _), *of_both in of_layers]
    return [whole, *rows]


@dataclass(frozen=True)
class _Found:
    """What was found of a matrix.

    Attributes:
        ends: The `eigenpair` of each of the largest eigenvalues, then of the smallest.
        traces: Estimates of each layer's trace, shape `(probes, layers)`.
        squares: Estimates of the squared Frobenius norm, shape `(probes,)`.
        products: Number of products.
    """

    ends: list[dict]
    traces: np.ndarray
    squares: np.ndarray
    products: int


def _found(product, parts, settings, seed, step, *, wanted, shown):
    """Return the eigenvalues and the traces of one matrix.

    Args:
        product: The product with the matrix.
        parts: The coordinates of each layer.
        settings: As `measure` takes them, like the next two.
        seed: The run's seed.
        step: Takes a product.
        wanted: Places in ascending order of the eigenvalues that Lanczos must know.
        shown: How many of these to return.
    """
    krylov = lanczos(
        product,
        parts[-1].stop,
        streams.generator("lanczos", seed),
        most=settings["products"],
        enough=partial(converged, settings["tolerance"], wanted),
        step=step,
    )
    ends = [
        step(lambda place=place: eigenpair(product, krylov.vector(place)))
        for place in wanted[:shown]
    ]
    # Q T Q^T is known: |H|^2 = |Q T Q^T|^2 + |H - Q T Q^T|^2, since T = Q^T H Q.
    trace = krylov.traces(parts)
    square = np.sum(krylov.matrix**2)
    rng, probes = streams.generator("hutchinson", seed), []
    for _ in range(settings["probes"]):
        signs = 2.0 * rng.integers(0, 2, parts[-1].stop, dtype=np.int8) - 1.0
        probes.append(step(partial(_probe, product, krylov, parts, signs)))
    return _Found(
        ends,
        np.array([trace + probe["traces"] for probe in probes]),
        np.array([square + probe["square"] for probe in probes]),
        len(krylov.diagonal) + len(ends) + len(probes),
    )


def _probe(product, krylov, parts, signs):
    """Return what random signs tell of the matrix without Q T Q^T."""
    rest = product(signs) - krylov.approximate(signs)
    # Other layers' part of the product has mean zero, since signs are independent.
    traces = np.array([signs[part] @ rest[part] for part in parts])
    return {"traces": traces, "square": float(rest @ rest)}


def _traces(hessian, gauss_newton):
    """Return the columns of traces, from estimates for both matrices."""
    values = [*_mean(hessian), *_mean(gauss_newton)]
    return dict(zip(TRACES, values, strict=True))


def _norm(squares):
    """Return the Frobenius norm, from estimates of its square."""
    square, error = _mean(squares)
    norm = np.sqrt(square)
    # The error of a root: d sqrt(s) = ds / (2 sqrt(s)).
    error = error / (2.0 * norm) if norm else 0.0
    return dict(zip(NORM, (float(norm), float(error)), strict=True))


def _share(hessian, gauss_newton):
    """Return the ratio of the two traces, and its error by the delta method."""
    total = np.mean(hessian)
    share = np.mean(gauss_newton) / total
    # Both see the same signs, so their noise is shared.
    error = _mean(gauss_newton - share * hessian)[1] / abs(total)
    return dict(zip(SHARE, (float(share), float(error)), strict=True))


def _mean(estimates):
    """Return the mean of independent estimates, and its standard error."""
    error = np.std(estimates, ddof=1) / np.sqrt(len(estimates))
    return float(np.mean(estimates)), float(error)


def not_measured() -> list[dict]:
    """Return the row of a point without a finite loss: no values."""
    missing = [*TRACES, *OF_EIGENVALUES, *NORM, *SHARE]
    return [{"layer": WHOLE, **dict.fromkeys(missing, np.nan)}]


def planned(config: Mapping, job: Mapping) -> Planned:
    """Return what measuring one checkpoint evaluates at most."""
    settings = config["curvature"]
    of_each = settings["products"] + settings["probes"]
    return Planned(
        hessian_products=of_each + settings["eigenvalues"] + 1,
        gauss_newton_products=of_each + 1,
        vectors=settings["products"],
    )
