"""Other forms of a point: parameters that give the same function of the inputs.

Dinh et al. 2017 (arXiv:1703.04933) multiply the kernel of one layer of a ReLU network
by a factor and divide the next by it. The function stays, its sharpness does not. So a
measure that should say something of the function has to be repeated at such points.

- `canonical`: each column of a kernel before batch normalisation has unit norm;
- `scaled`: kernels before batch normalisation, and the first of each pair of layers
  without it between them, are multiplied by a factor;
- `permuted`: the units of each hidden layer change places.

A bias before batch normalisation scales with its column. Moving averages go along: the
mean by the factor, the variance by its square. Batch normalisation adds its epsilon to
the variance, which would not scale. Its gamma makes up for that: exactly where all
batches have the same moments, and nearly where they have their own. Verify it.
"""

import logging
from collections.abc import Iterable, Iterator

import numpy as np

from sharpminima import streams
from sharpminima.networks.parameters import Point
from sharpminima.networks.permutations import exchange
from sharpminima.networks.units import exchangeable, normalises, scalable
from sharpminima.networks.weights import Weights


def forms(
    model,
    point: Point,
    names: Iterable[str],
    *,
    moments: list[np.ndarray],
    factor: float,
    seed: int,
) -> Iterator[tuple[str, Point]]:
    """Yield the name and the `Point` of each form that the network has.

    The log says which forms it does not have.

    Args:
        model: The network.
        point: Where it is.
        names: The forms wanted, of `FORMS`.
        moments: The means and variances that batch normalisation uses there, in the
            order of the point's averages.
        factor: What kernels are multiplied by in form `scaled`, positive.
        seed: The run's seed. It names the streams of permutations, so that SB and LB of
            one seed are permuted alike.
    """
    for name in names:
        weights = Weights(model, point, moments)
        if FORMS[name](model, weights, factor=factor, seed=seed):
            yield name, weights.point()
        else:
            logging.info("The network has no form `%s`: no units allow it.", name)


def _canonical(model, weights, **_):
    """Give unit norm to the columns before batch normalisation; tell if any are."""
    found = [(la, met) for la, met in scalable(model) if all(map(_undoes, met))]
    for layer, met in found:
        columns = weights[layer.kernel].reshape(-1, layer.kernel.shape[-1])
        norms = np.linalg.norm(columns, axis=0)
        # A column of zeros has no direction and stays.
        _scale(weights, layer, met, 1.0 / np.where(norms > 0, norms, 1.0))
    return bool(found)


def _scaled(model, weights, *, factor, **_):
    """Multiply kernels by `factor`; tell if any can be."""
    divided, found = set(), False
    for layer, met in scalable(model):
        # The second layer of a pair is not the first of another: its factor would
        # cancel.
        if id(layer) not in divided:
            _scale(weights, layer, met, np.full(layer.kernel.shape[-1], float(factor)))
            divided |= {id(end) for end, _ in met if not normalises(end)}
            found = True
    return found


def _permuted(model, weights, *, seed, **_):
    """Let the units of hidden layers change places; tell if there are any."""
    found = list(exchangeable(model))
    for position, (layer, met) in enumerate(found):
        rng = streams.generator("permutation of units", seed, position)
        exchange(weights, layer, met, rng.permutation(layer.kernel.shape[-1]))
    return bool(found)


FORMS = {"canonical": _canonical, "scaled": _scaled, "permuted": _permuted}


def _undoes(met):
    return normalises(met[0])


def _scale(weights, layer, met, factors):
    """Multiply units by factors, shape `(units,)`, and undo it where they are met."""
    weights[layer.kernel] = weights[layer.kernel] * factors
    if layer.use_bias:
        weights[layer.bias] = weights[layer.bias] * factors
    for end, units in met:
        by = factors[units]
        if not normalises(end):
            weights[end.kernel] = weights[end.kernel] / by[:, None]
            continue
        weights[end.moving_mean] = weights[end.moving_mean] * by
        weights[end.moving_variance] = weights[end.moving_variance] * by**2
        if end.scale:
            # From gamma / sqrt(v + epsilon) to a gamma' / sqrt(a^2 v + epsilon).
            v = weights.moments[id(end.moving_variance)]
            ratio = (v + end.epsilon / by**2) / (v + end.epsilon)
            weights[end.gamma] = weights[end.gamma] * np.sqrt(ratio)
