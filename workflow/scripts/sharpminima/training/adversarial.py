"""Adversarial training: part of the loss is computed on inputs changed to raise it.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix E.3, as recalled. The paper
states neither a strength nor a weight, so the config chooses them. The method is the
fast gradient sign method of Goodfellow et al. 2015 (arXiv:1412.6572).
"""

from collections.abc import Callable

from sharpminima import backend
from sharpminima.backend import keras

ops = keras.ops


def objective(*, strength: float, weight: float) -> Callable:
    """Return the objective of adversarial training, `(1 - w) J(x) + w J(x + d)`.

    J is the mean loss of a batch and `d = strength * sign(grad_x J(x))` the
    perturbation of its inputs x. The gradient by the weights treats d as a constant.
    The perturbed inputs are not clipped, since only images have a range, [0, 1].

    Args:
        strength: Largest change of an input, in the unit of the inputs.
        weight: Share w of the loss on perturbed inputs, in [0, 1]; Goodfellow's is 0.5.

    Returns:
        An objective as `backend.epoch_runner` takes it.
    """

    def adversarial_loss(loss, logits, again, labels, inputs):
        def mean_loss(inputs):
            return ops.mean(backend.cross_entropies(labels, again(inputs))), None

        # The mean scales each example's gradient by 1/N, which the sign does not see.
        _, (gradient,) = backend.value_and_gradients(mean_loss, inputs)
        # Without a stop, the gradient by the weights would go through d as well.
        perturbed = inputs + strength * ops.sign(ops.stop_gradient(gradient))
        return (1.0 - weight) * loss + weight * mean_loss(perturbed)[0]

    return adversarial_loss
