"""A network compiled as a function of its parameters and its moving averages."""

import itertools

import numpy as np

from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.networks.parameters import is_average


class CompiledNetwork:
    """The loss, its gradients and the batch moments of a network, each compiled.

    Every method takes the parameters as one flat vector x, shape `(n,)`, an array or on
    the device, and a batch `(inputs, labels, indices)`: a whole set on the device, and
    the indices of some of its examples, which the compiled function picks. What the
    network itself holds is not read.

    Args:
        network: A Keras model. It is called with `training=False`.
    """

    def __init__(self, network):
        self._network = network
        self._logits = backend.compiled(self._logits_of_batch)
        self._loss = backend.compiled(self._loss_and_correct)
        self._loss_gradients = backend.compiled(self._loss_and_gradients)
        self._moments = backend.compiled(self._updated_averages)
        self._moments_gradient = backend.compiled(self._moments_product)

    def logits(self, x, averages, batch) -> np.ndarray:
        """Return the logits of a batch, shape `(examples, classes)`."""
        return np.asarray(self._logits(vector_to_device(x), averages, *batch))

    def loss(self, x, averages, batch):
        """Return summed loss and number of correct answers, both on the device."""
        return self._loss(vector_to_device(x), averages, *batch)

    def loss_and_gradients(self, x, averages, batch):
        """Return the summed loss of a batch and its gradients.

        Returns:
            Summed loss, number of correct answers, gradient by x, and the gradient by
            each average as a list.
        """
        (loss, correct), (by_x, by_averages) = self._loss_gradients(
            vector_to_device(x), averages, *batch
        )
        by_averages = [np.asarray(g) for g in by_averages]
        return float(loss), int(correct), np.asarray(by_x), by_averages

    def moments(self, x, averages, batch) -> list[np.ndarray]:
        """Return the averages after one pass over a batch.

        In a network of `BatchMoments` layers these are the moments of the batch: at
        momentum 0 the values before the pass drop out. Frozen weights, which count as
        averages too, stay as they are.
        """
        return [
            np.asarray(m) for m in self._moments(vector_to_device(x), averages, *batch)
        ]

    def moments_gradient(self, x, averages, batch, weights) -> np.ndarray:
        """Return the gradient by x of the inner product of `weights` and `moments`.

        Args:
            x: Parameters.
            averages: The averages before the pass.
            batch: The batch.
            weights: One array for each average, of the same shape.
        """
        product = self._moments_gradient(vector_to_device(x), averages, *batch, weights)
        return np.asarray(product)

    def _call(self, x, averages, inputs):
        """Return logits and averages after a pass of the network at x and averages."""
        # Cut x into its parts: kernels, biases and so on.
        variables = self._network.trainable_variables
        ends = np.cumsum([np.prod(v.shape) for v in variables], dtype=int)[:-1]
        trainable = [
            keras.ops.reshape(part, v.shape)
            for part, v in zip(keras.ops.split(x, ends), variables, strict=True)
        ]
        # Keras takes the averages and the seeds of dropout as one list, in its order.
        others = self._network.non_trainable_variables
        averaged = [is_average(v) for v in others]
        given = iter(averages)
        state = [next(given) if ours else v.value for ours, v in zip(averaged, others)]
        # Dropout is off: the measured f is deterministic.
        logits, state = self._network.stateless_call(
            trainable, state, inputs, training=False
        )
        return logits, list(itertools.compress(state, averaged))

    def _logits_of_batch(self, x, averages, inputs, labels, indices):
        return self._call(x, averages, keras.ops.take(inputs, indices, axis=0))[0]

    def _loss_and_correct(self, x, averages, inputs, labels, indices):
        logits = self._logits_of_batch(x, averages, inputs, labels, indices)
        return backend.loss_and_correct(keras.ops.take(labels, indices), logits)

    def _loss_and_gradients(self, x, averages, inputs, labels, indices):
        # The data are arguments: as constants they would be compiled into the program.
        def loss_and_correct(x, averages):
            return self._loss_and_correct(x, averages, inputs, labels, indices)

        return backend.value_and_gradients(loss_and_correct, x, averages)

    def _updated_averages(self, x, averages, inputs, labels, indices):
        return self._call(x, averages, keras.ops.take(inputs, indices, axis=0))[1]

    def _moments_product(self, x, averages, inputs, labels, indices, weights):
        def moments(x):
            return self._updated_averages(x, averages, inputs, labels, indices)

        return backend.vector_product(moments, x, weights)


def vector_to_device(x):
    """Return the vector `x`, shape `(n,)`, on the device."""
    if keras.ops.is_tensor(x):
        return x
    return backend.to_device(np.asarray(x, keras.config.floatx()))
