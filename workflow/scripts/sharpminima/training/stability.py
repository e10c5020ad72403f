"""Stability training: noise on the inputs should not change the network's answers.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix E.3, as recalled. The paper
states neither a noise nor a weight, so the config chooses them. The method comes
from Zheng et al. 2016 (arXiv:1604.04326), as recalled.
"""

from collections.abc import Callable

from sharpminima import streams
from sharpminima.backend import keras

ops = keras.ops


def objective(*, weight: float) -> Callable:
    """Return the objective of stability training, `J(x) + w KL(f(x) || f(x'))`.

    J is the mean loss of a batch, x' its inputs with noise, and f gives the
    probabilities of the classes. The gradient goes through f(x) and through f(x').

    Args:
        weight: The weight w of the divergence, Zheng's alpha.

    Returns:
        An objective as `backend.epoch_runner` takes it. It needs two views of the
        inputs: the clean ones, and what `noisy` makes of them.
    """

    def stabilised_loss(loss, logits, again, labels, inputs, noisy_inputs):
        # The second pass has the same dropout, so only the noise makes a difference.
        return loss + weight * mean_divergence(logits, again(noisy_inputs))

    return stabilised_loss


def mean_divergence(logits, others):
    """Return the mean of the divergence KL(p || q) over a batch, in nats.

    Args:
        logits: Logits of p, shape `(N, classes)`.
        others: Logits of q, of the same shape.
    """
    # Logits may come in bfloat16, in which p - q would be mostly rounding.
    p, q = (
        ops.log_softmax(ops.cast(each, keras.config.floatx()))
        for each in (logits, others)
    )
    return ops.mean(ops.sum(ops.exp(p) * (p - q), axis=-1))


def noisy(x, noise: float, *, seed: int, epoch: int):
    """Return all inputs with Gaussian noise on every value, drawn anew each epoch.

    A backend always draws the same numbers for a seed and an epoch. The other backend
    draws other numbers from the same distribution.

    Args:
        x: All inputs on the device, shape `(N, ...)`.
        noise: Standard deviation, in the unit of the inputs.
        seed: The run's seed.
        epoch: Number of the epoch; the first is 0.
    """
    # Seeds of Keras have 32 bits, those of streams 63.
    drawn = streams.seed("stability noise", seed, epoch) % 2**32
    return x + keras.random.normal(x.shape, stddev=noise, seed=drawn)
