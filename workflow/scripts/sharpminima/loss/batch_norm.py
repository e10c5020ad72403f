"""How batch normalisation works when the loss is measured: three policies.

- `batch`: the moments of each evaluation batch. The authors' networks did so (Keras 1,
  `BatchNormalization(mode=2)`), in batches of 5000.
- `moving`: the moving averages of the point that is measured, as training left them.
- `recalibrated`: moments averaged over the batches of the training set, computed anew
  at every x. The gradient takes their dependence on x into account.
"""

from collections.abc import Iterable
from functools import reduce

import numpy as np

from sharpminima.backend import keras
from sharpminima.loss.compiled import CompiledNetwork
from sharpminima.networks import copies
from sharpminima.networks.layers import layers_of
from sharpminima.networks.parameters import averages_of

# Networks may be trained in this precision. They are measured in full precision.
MIXED = "mixed_bfloat16"
HALVES = ("bfloat16", "float16")
POLICIES = ("batch", "moving", "recalibrated")


@keras.saving.register_keras_serializable("sharpminima")
class BatchMoments(keras.layers.BatchNormalization):
    """Batch normalisation by the moments of the batch at hand, in evaluation too."""

    def call(self, inputs, training=None, mask=None):
        """Normalise `inputs` by their own moments, whatever `training` says."""
        return super().call(inputs, training=True, mask=mask)


def copy_of(model, *, batch_moments: bool):
    """Return a copy of `model` in full precision, whatever it was trained in.

    Args:
        model: A Keras model.
        batch_moments: Whether batch normalisation uses the moments of its batch.

    Raises:
        ValueError: If `batch_moments` cannot reach a batch normalisation.
    """

    def changed(layer, config):
        # Search steps are far below what halves of a float32 resolve.
        policy = getattr(layer, "dtype_policy", None)
        if policy and policy.compute_dtype in HALVES:
            config["dtype"] = keras.config.floatx()
        if batch_moments and type(layer) is keras.layers.BatchNormalization:
            # At momentum 0 a pass leaves the moments of its own batch as averages.
            config["momentum"] = 0.0
            return BatchMoments
        return type(layer)

    copy = copies.copy_of(model, changed)
    if not batch_moments:
        return copy
    # Refuse a batch normalisation that would go on using its moving averages.
    replaced = [la for la in layers_of(copy) if isinstance(la, BatchMoments)]
    reached = {id(v) for layer in replaced for v in layer.variables}
    for variable in copy.non_trainable_variables:
        if variable.name == "moving_variance" and id(variable) not in reached:
            raise ValueError(
                "Unless `evaluation.batch_norm` is moving, no weights are averaged and "
                "neither barriers, noise_scale nor edge_of_stability is measured, "
                "every batch normalisation must be a BatchNormalization layer of the "
                "model: no subclass, and not inside another layer. "
                f"Received: {variable.path}"
            )
    return copy


def recalibrated(
    network: CompiledNetwork, x, averages: list[np.ndarray], batches: Iterable
) -> list[np.ndarray]:
    """Return the batch moments at x, averaged over `batches`: m(x) = sum_B w_B m_B(x).

    Args:
        network: A copy with batch moments, compiled.
        x: Parameters, shape `(n,)`.
        averages: The point's own. Frozen weights among them stay as they are.
        batches: Each batch B of the training set, and its share w_B of the examples.
    """
    # Sum in float64, since a large set has many batches.
    means = None
    for batch, share in batches:
        moments = network.moments(x, averages, batch)
        terms = [share * m.astype(np.float64) for m in moments]
        means = terms if means is None else [a + b for a, b in zip(means, terms)]
    return _floatx(means)


def gradient_through_moments(
    network: CompiledNetwork,
    x,
    averages: list[np.ndarray],
    batches: Iterable,
    by_averages: list[np.ndarray],
) -> np.ndarray:
    """Return `(dm/dx)^T (df/dm)`, which recalibration adds to the gradient of f.

    The loss is f(x, m(x)), so this is the second term of the chain rule.

    Args:
        network: A copy with batch moments, compiled.
        x: Parameters, shape `(n,)`.
        averages: The point's own, as `recalibrated` takes them.
        batches: Each batch B and its share w_B, as `recalibrated` takes them.
        by_averages: `df/dm`, one array for each average.

    Returns:
        A float64 vector of shape `(n,)`.
    """
    gradient = np.zeros(x.shape)
    for batch, share in batches:
        # m = sum_B w_B m_B, so each batch adds w_B (dm_B/dx)^T (df/dm).
        weights = _floatx(share * part for part in by_averages)
        gradient += network.moments_gradient(x, averages, batch, weights).astype(
            np.float64
        )
    return gradient


def change_of_moments(
    network: CompiledNetwork, x, averages: list[np.ndarray], batches: Iterable, v
) -> list[np.ndarray]:
    """Return `(dm/dx) v`: how fast the moments change as x moves along v.

    Arguments are those of `recalibrated`; v is a vector like x.
    """
    changes = [np.zeros(average.shape) for average in averages]
    for batch, share in batches:
        parts = network.moments_derivative(x, averages, batch, v)
        for total, part in zip(changes, parts, strict=True):
            total += share * part.astype(np.float64)
    return _floatx(changes)


def change_through_moments(
    network: CompiledNetwork,
    x,
    averages: list[np.ndarray],
    batches: Iterable,
    by_averages: list[np.ndarray],
    *,
    v,
    change: list[np.ndarray],
) -> np.ndarray:
    """Return how fast `gradient_through_moments` changes as x moves along v.

    Args:
        network: As `gradient_through_moments` takes it, like the following ones.
        x: Parameters.
        averages: The point's own.
        batches: Each batch B and its share w_B.
        by_averages: `df/dm`.
        v: A vector like x.
        change: How fast `df/dm` changes.

    Returns:
        A float64 vector of shape `(n,)`.
    """
    total = np.zeros(x.shape)
    for batch, share in batches:
        weights = _floatx(share * part for part in by_averages)
        along = v, _floatx(share * part for part in change)
        total += network.moments_hessian_product(x, averages, batch, weights, along)
    return total


def mixed(model, averages: Iterable[list], shares: Iterable[float]) -> list[np.ndarray]:
    """Return a weighted sum of averages; a negative variance becomes zero.

    Args:
        model: The network; it names the averages.
        averages: The averages of each point, as a `Point` has them.
        shares: The weight of each point.
    """
    scaled = [[float(share) * a for a in each] for share, each in zip(shares, averages)]
    sums = [reduce(np.add, terms) for terms in zip(*scaled, strict=True)]
    return [
        np.maximum(total, 0.0) if variable.name == "moving_variance" else total
        for variable, total in zip(averages_of(model), sums, strict=True)
    ]


def _floatx(arrays):
    return [np.asarray(array, keras.config.floatx()) for array in arrays]
