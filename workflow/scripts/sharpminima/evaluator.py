"""A network as a compiled function of a flat vector and of its statistics."""

import numpy as np

from sharpminima import backend
from sharpminima.backend import keras


class Evaluator:
    """Compiled loss, gradient and batch moments of a network at a flat vector.

    The network is a function of the flat vector of its trainable weights and of its
    statistics, the floating-point state that is not trained.

    Args:
        network: Keras model that is called with `training=False`.
    """

    def __init__(self, network):
        self._network = network
        self._loss = backend.compiled(self._loss_and_correct, network)
        self._loss_gradients = backend.compiled(self._loss_and_gradients, network)
        self._moments = backend.compiled(self._updated_statistics, network)
        self._moments_gradient = backend.compiled(self._moments_product, network)

    def statistics(self) -> list[tuple[str, np.ndarray]]:
        """Return names and values of the network's own statistics."""
        return statistics(self._network)

    def loss(self, x, statistics, inputs, labels) -> tuple[float, int]:
        """Return summed loss and number of correct answers on one batch."""
        loss, correct = self._loss(_vector(x), statistics, inputs, labels)
        return float(loss), int(correct)

    def loss_and_gradient(self, x, statistics, inputs, labels):
        """Return summed loss and its gradients by the vector and by the statistics."""
        loss, (gradient, by_statistics) = self._loss_gradients(
            _vector(x), statistics, inputs, labels
        )
        return float(loss), np.asarray(gradient), [np.asarray(g) for g in by_statistics]

    def moments(self, x, inputs) -> list[np.ndarray]:
        """Return the statistics that the network computes from one batch."""
        state = [value for _, value in self.statistics()]
        return [np.asarray(m) for m in self._moments(_vector(x), state, inputs)]

    def moments_gradient(self, x, inputs, weights) -> np.ndarray:
        """Return the gradient of the inner product of `weights` with `moments`."""
        state = [value for _, value in self.statistics()]
        return np.asarray(self._moments_gradient(_vector(x), state, inputs, weights))

    def _call(self, vector, statistics, inputs):
        variables = self._network.trainable_variables
        ends = np.cumsum([np.prod(v.shape) for v in variables], dtype=int)[:-1]
        trainable = [
            keras.ops.reshape(part, v.shape)
            for part, v in zip(keras.ops.split(vector, ends), variables, strict=True)
        ]
        given, others = iter(statistics), self._network.non_trainable_variables
        state = [next(given) if _is_floating(v) else v.value for v in others]
        logits, state = self._network.stateless_call(
            trainable, state, inputs, training=False
        )
        return logits, [s for s, v in zip(state, others) if _is_floating(v)]

    def _loss_and_correct(self, vector, statistics, inputs, labels):
        logits, _ = self._call(vector, statistics, inputs)
        return backend.loss_and_correct(labels, logits)

    def _loss_and_gradients(self, vector, statistics, inputs, labels):
        def loss(vector, statistics):
            return self._loss_and_correct(vector, statistics, inputs, labels)[0]

        return backend.value_and_gradients(loss, vector, statistics)

    def _updated_statistics(self, vector, statistics, inputs):
        return self._call(vector, statistics, inputs)[1]

    def _moments_product(self, vector, statistics, inputs, weights):
        def moments(vector):
            return self._updated_statistics(vector, statistics, inputs)

        return backend.vector_product(moments, vector, weights)


def statistics(network) -> list[tuple[str, np.ndarray]]:
    """Return names and values of the floating-point state that is not trained."""
    state = network.non_trainable_variables
    return [(v.name, v.numpy()) for v in state if _is_floating(v)]


def _vector(x):
    return backend.to_device(np.asarray(x, keras.config.floatx()))


def _is_floating(variable):
    return "float" in keras.backend.standardize_dtype(variable.dtype)
