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
        self._hessian = backend.compiled(self._hessian_product)
        self._gauss_newton = backend.compiled(self._gauss_newton_product)
        self._moments_derivative = backend.compiled(self._derivative_of_moments)
        self._moments_hessian = backend.compiled(self._hessian_product_of_moments)

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

    def hessian_product(self, x, averages, batch, along):
        """Return the Hessian of a batch's summed loss, times a direction.

        The Hessian is by x and the averages together.

        Args:
            x: Parameters.
            averages: The averages.
            batch: The batch.
            along: The direction: a vector like x, and a list like `averages`.

        Returns:
            The part of the product by x, and the parts by each average as a list.
        """
        return _arrays(self._hessian(vector_to_device(x), averages, *batch, along))

    def gauss_newton_product(self, x, averages, batch, along):
        """Return the Gauss-Newton matrix of a batch's summed loss, times a direction.

        With J the derivatives of the logits by x and the averages, and S those of the
        loss by the logits, second ones, the matrix is J^T S J. Arguments and returned
        values are those of `hessian_product`.
        """
        return _arrays(self._gauss_newton(vector_to_device(x), averages, *batch, along))

    def moments_derivative(self, x, averages, batch, along) -> list[np.ndarray]:
        """Return how fast the `moments` change as x moves along a vector like x."""
        x, along = vector_to_device(x), vector_to_device(along)
        found = self._moments_derivative(x, averages, *batch, along)
        return [np.asarray(part) for part in found]

    def moments_hessian_product(self, x, averages, batch, weights, along) -> np.ndarray:
        """Return how fast the `moments_gradient` changes along a direction.

        Args:
            x: Parameters.
            averages: The averages before the pass.
            batch: The batch.
            weights: One array for each average, of the same shape.
            along: The direction: a vector like x, and a list like `weights`.
        """
        x = vector_to_device(x)
        return np.asarray(self._moments_hessian(x, averages, *batch, weights, along))

    def _call(self, x, averages, inputs):
        """Return logits and averages after a pass of the network at x and averages."""
        # Cut x into its parts: kernels, biases and so on.
        variables = self._network.trainable_variables
        ends = np.cumsum([np.prod(v.shape) for v in variables], dtype=int)[:-1]
        # TensorFlow cannot split a vector into one part.
        parts = keras.ops.split(x, ends) if len(ends) else [x]
        trainable = [
            keras.ops.reshape(part, v.shape)
            for part, v in zip(parts, variables, strict=True)
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

    def _hessian_product(self, x, averages, inputs, labels, indices, along):
        # Where the network is sure of the labels, the loss' derivatives by the logits
        # are differences of nearly equal numbers: float32 would leave noise of them.
        def loss(x, averages):
            logits = self._logits_of_batch(x, averages, inputs, labels, indices)
            of_batch = keras.ops.take(labels, indices)
            losses = backend.cross_entropies(of_batch, logits, "float64")
            return keras.ops.sum(losses)

        return backend.hessian_product(loss, [x, averages], along)

    def _gauss_newton_product(self, x, averages, inputs, labels, indices, along):
        def logits(x, averages):
            return self._logits_of_batch(x, averages, inputs, labels, indices)

        # Step 1: J v. Step 2: S J v, where S = diag(p) - p p^T for each example.
        values, given = logits(x, averages), [x, averages]
        changes = backend.derivative(logits, given, along)
        p = keras.ops.softmax(keras.ops.cast(values, "float64"))
        changes = keras.ops.cast(changes, "float64")
        mean = keras.ops.sum(p * changes, axis=-1, keepdims=True)
        weights = keras.ops.cast(p * (changes - mean), values.dtype)

        # Step 3: J^T S J v.
        def weighted(x, averages):
            return keras.ops.sum(weights * logits(x, averages)), None

        return backend.value_and_gradients(weighted, *given)[1]

    def _derivative_of_moments(self, x, averages, inputs, labels, indices, along):
        def moments(x):
            return self._updated_averages(x, averages, inputs, labels, indices)

        return backend.derivative(moments, [x], [along])

    def _hessian_product_of_moments(
        self, x, averages, inputs, labels, indices, weights, along
    ):
        # The gradient is that of the inner product by x, so this is a row of blocks of
        # the inner product's Hessian by x and the weights.
        def product(x, weights):
            moments = self._updated_averages(x, averages, inputs, labels, indices)
            parts = zip(weights, moments, strict=True)
            return sum(keras.ops.sum(weight * moment) for weight, moment in parts)

        return backend.hessian_product(product, [x, weights], along)[0]


def _arrays(parts):
    by_x, by_averages = parts
    return np.asarray(by_x), [np.asarray(part) for part in by_averages]


def vector_to_device(x):
    """Return the vector `x`, shape `(n,)`, on the device."""
    if keras.ops.is_tensor(x):
        return x
    return backend.to_device(np.asarray(x, keras.config.floatx()))
