"""A network as a compiled function of a flat vector and of its statistics."""

import numpy as np

from sharpminima import backend
from sharpminima.backend import keras


class Evaluator:
    """Compiled loss, gradient and batch moments of a network at a flat vector.

    The network is a function of the flat vector of its trainable weights and of its
    statistics, the floating-point state that is not trained. Vectors may be arrays, or
    lie on the device already. A batch is the inputs and labels of a whole set, on the
    device, and the indices of some of them: it is gathered in the compiled function.

    Args:
        network: Keras model that is called with `training=False`.
    """

    def __init__(self, network):
        self._network = network
        self._loss = backend.compiled(self._loss_and_correct)
        self._loss_gradients = backend.compiled(self._loss_and_gradients)
        self._moments = backend.compiled(self._updated_statistics)
        self._moments_gradient = backend.compiled(self._moments_product)

    def statistics(self) -> list[tuple[str, np.ndarray]]:
        """Return names and values of the network's own statistics."""
        return statistics(self._network)

    def loss(self, x, statistics, batch):
        """Return summed loss and number of correct answers, both on the device."""
        return self._loss(vector(x), statistics, *batch)

    def loss_and_gradient(self, x, statistics, batch):
        """Return what `loss` does, and the loss' gradients.

        Returns:
            Summed loss, number of correct answers, gradient by the vector, and a list
            of the gradients by the statistics.
        """
        (loss, correct), (gradient, by_statistics) = self._loss_gradients(
            vector(x), statistics, *batch
        )
        by_statistics = [np.asarray(g) for g in by_statistics]
        return float(loss), int(correct), np.asarray(gradient), by_statistics

    def moments(self, x, batch) -> list[np.ndarray]:
        """Return the statistics that the network computes from one batch."""
        state = [value for _, value in self.statistics()]
        return [np.asarray(m) for m in self._moments(vector(x), state, *batch)]

    def moments_gradient(self, x, batch, weights) -> np.ndarray:
        """Return the gradient of the inner product of `weights` with `moments`."""
        state = [value for _, value in self.statistics()]
        return np.asarray(self._moments_gradient(vector(x), state, *batch, weights))

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

    def _loss_and_correct(self, vector, statistics, x, y, indices):
        logits, _ = self._call(vector, statistics, keras.ops.take(x, indices, axis=0))
        return backend.loss_and_correct(keras.ops.take(y, indices), logits)

    def _loss_and_gradients(self, vector, statistics, x, y, indices):
        def loss_and_correct(vector, statistics):
            return self._loss_and_correct(vector, statistics, x, y, indices)

        return backend.value_and_gradients(loss_and_correct, vector, statistics)

    def _updated_statistics(self, vector, statistics, x, y, indices):
        return self._call(vector, statistics, keras.ops.take(x, indices, axis=0))[1]

    def _moments_product(self, vector, statistics, x, y, indices, weights):
        def moments(vector):
            return self._updated_statistics(vector, statistics, x, y, indices)

        return backend.vector_product(moments, vector, weights)


def statistics(network) -> list[tuple[str, np.ndarray]]:
    """Return names and values of the floating-point state that is not trained."""
    state = network.non_trainable_variables
    return [(v.name, v.numpy()) for v in state if _is_floating(v)]


def vector(x):
    """Return `x`, shape `(n,)`, on the device."""
    if keras.ops.is_tensor(x):
        return x
    return backend.to_device(np.asarray(x, keras.config.floatx()))


def _is_floating(variable):
    return "float" in keras.backend.standardize_dtype(variable.dtype)
