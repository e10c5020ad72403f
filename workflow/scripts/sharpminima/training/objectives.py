"""What an update minimises on a batch, where it is not the mean loss J alone.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix E.3, as recalled; it states no
strengths, so they are free choices.

An objective is a function of what a backend's update has at hand: `loss`, the mean loss
of the batch; `logits`, from which it was computed; `again(inputs)`, the logits of
another pass of training, with the same dropout as the first and without a trace in the
moving averages of batch normalisation; `labels`; and the batch's inputs. Both passes
are normalised by the moments of their own inputs.
"""

from collections.abc import Callable, Mapping

from sharpminima import backend, streams
from sharpminima.backend import keras

ops = keras.ops


def of(settings: Mapping) -> Callable | None:
    """Return the objective that `settings` ask for, or None: the mean loss itself."""
    if "adversarial" in settings:
        return adversarial(**settings["adversarial"])
    if "stability" in settings:
        return stability(weight=settings["stability"]["weight"])
    return None


def adversarial(*, strength: float, weight: float) -> Callable:
    """Return the objective of adversarial training, `(1 - w) J(x) + w J(x + d)`.

    The perturbation `d = strength * sign(grad_x J(x))` is the fast gradient sign method
    of Goodfellow et al. 2015 (arXiv:1412.6572), whose weight is 0.5. It is a constant
    to the gradient by the weights, and is not clipped: only images are in [0, 1].

    Args:
        strength: Largest change of an input, in its own unit.
        weight: Share of the perturbed inputs' loss, in [0, 1].
    """

    def objective(loss, logits, again, labels, inputs):
        def mean_loss(inputs):
            return ops.mean(backend.cross_entropies(labels, again(inputs))), None

        _, (slope,) = backend.value_and_gradients(mean_loss, inputs)
        worst = inputs + strength * ops.sign(ops.stop_gradient(slope))
        return (1.0 - weight) * loss + weight * mean_loss(worst)[0]

    return objective


def stability(*, weight: float) -> Callable:
    """Return the objective of stability training, `J(x) + w KL(f(x) || f(x'))`.

    Source: Zheng et al. 2016 (arXiv:1604.04326), as recalled; x' are the inputs with
    noise, and f gives the probabilities of the classes. The gradient goes through both.

    Args:
        weight: Zheng's alpha.
    """

    def objective(loss, logits, again, labels, inputs, noisy_inputs):
        return loss + weight * mean_divergence(logits, again(noisy_inputs))

    return objective


def mean_divergence(logits, others):
    """Return the mean of KL(p || q) over a batch, in nats.

    Args:
        logits: Of p, shape `(N, classes)`.
        others: Those of q.
    """
    p, q = (
        ops.log_softmax(ops.cast(each, keras.config.floatx()))
        for each in (logits, others)
    )
    return ops.mean(ops.sum(ops.exp(p) * (p - q), axis=-1))


def noisy(x, noise: float, *, seed: int, epoch: int):
    """Return all inputs with Gaussian noise on every value, drawn anew each epoch.

    The backends draw different numbers of the same distribution, each always the same.

    Args:
        x: All inputs on the device, shape `(N, ...)`.
        noise: Standard deviation, in the unit of the inputs.
        seed: The run's seed.
        epoch: Which one; the first is 0.
    """
    drawn = streams.seed("stability noise", seed, epoch) % 2**32
    return x + keras.random.normal(x.shape, stddev=noise, seed=drawn)
