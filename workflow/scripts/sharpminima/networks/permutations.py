"""Permutations of hidden units: the same function of the inputs at another point.

Two networks that learnt the same may hold their units in another order. Weight matching
(Ainsworth et al. 2023, arXiv:2209.04836, algorithm 1) looks for the order in which one
point comes nearest to another. Batch normalisation goes along, with its averages.
"""

import logging
from collections.abc import Iterator

import numpy as np
from scipy.optimize import linear_sum_assignment

from sharpminima import streams
from sharpminima.networks.parameters import Point
from sharpminima.networks.units import Met, exchangeable, normalises
from sharpminima.networks.weights import Weights


def exchange(weights: Weights, layer, met: Met, order: np.ndarray) -> None:
    """Let the units of a layer change places, in place.

    Args:
        weights: The values.
        layer: A layer of `exchangeable`.
        met: What its units meet, from there.
        order: Which unit comes to each place, shape `(units,)`.
    """
    for variable, axis in _variables(layer, met):
        by_unit = _by_unit(weights[variable], axis, len(order))
        exchanged = np.take(by_unit, order, axis=axis)
        weights[variable] = exchanged.reshape(weights[variable].shape)


def matched(model, reference: Point, point: Point, seed: int) -> Point | None:
    """Return `point` with its units in the order that is nearest to `reference`.

    Weight matching raises the inner product of both points, layer by layer, until no
    layer's order alone can raise it. That is a local optimum: a better order of several
    layers at once may exist.

    Args:
        model: The network. What it holds is not read.
        reference: A point of it.
        point: The point whose units change places.
        seed: Names the stream of the order in which layers are visited.

    Returns:
        The point, with the same function; None if no units can change places.
    """
    layers = list(exchangeable(model))
    if not layers:
        return None
    fixed, weights = (Weights(model, each) for each in (reference, point))
    rng = streams.generator("weight matching", seed)
    # Algorithm 1: until nothing changes, visit the layers in a random order.
    rounds, changed = 0, True
    while changed:
        rounds, changed = rounds + 1, False
        for place in rng.permutation(len(layers)):
            layer, met = layers[place]
            products = _inner_products(fixed, weights, layer, met)
            # Equation 2, with all other layers held: a linear assignment.
            _, order = linear_sum_assignment(products, maximize=True)
            places = np.arange(len(order))
            gain = products[places, order].sum() - np.trace(products)
            # A gain of rounding alone would let two orders alternate for ever.
            if gain > 1e-9 * np.abs(products).max():
                exchange(weights, layer, met, order)
                changed = True
    logging.info(
        "Units are matched after %d rounds over %d layers.", rounds, len(layers)
    )
    return weights.point()


def _inner_products(fixed, weights, layer, met):
    """Return the inner product of each unit of `fixed` with each of `weights`."""
    size = layer.kernel.shape[-1]
    total = np.zeros((size, size))
    for variable, axis in _variables(layer, met):
        # Averages describe the data that a unit has seen. They are no weights.
        if not variable.name.startswith("moving_"):
            ours, theirs = (
                np.moveaxis(_by_unit(each[variable], axis, size), axis, 0)
                for each in (fixed, weights)
            )
            total += ours.reshape(size, -1) @ theirs.reshape(size, -1).T
    return total


def _variables(layer, met) -> Iterator[tuple]:
    """Yield each variable that holds the units of a layer, and their axis.

    The axis counts from the end, after `_by_unit`.
    """
    yield layer.kernel, -1
    if layer.use_bias:
        yield layer.bias, -1
    for follower, _ in met:
        if normalises(follower):
            yield from ((variable, -1) for variable in follower.variables)
        elif hasattr(follower, "kernel"):
            yield follower.kernel, -2


def _by_unit(value, axis, units):
    """Return a value whose `axis` has one entry for each unit.

    Flattened features come unit by unit at each position: positions get an axis of
    their own, before that of the units.
    """
    axis %= value.ndim
    return value.reshape(*value.shape[:axis], -1, units, *value.shape[axis + 1 :])
