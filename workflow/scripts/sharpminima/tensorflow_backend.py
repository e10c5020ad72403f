"""TensorFlow: the only module that names it. Compiled steps on data held on the device.

Other modules take Keras from here, so that it never loads with another backend.

XLA makes dense networks 1.5-4 times faster on a CPU and convolutional ones 3-4 times
slower than oneDNN in a plain graph; on a GPU it serves both.
"""

import os

import numpy as np

from sharpminima.logs import native_output_muted
from sharpminima.networks import layers_of
from sharpminima.versions import installed

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
with native_output_muted():
    import keras
    import tensorflow as tf

CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)


def configure(threads: int) -> None:
    """Make this process deterministic, and use `threads` cores and no more.

    More than one inter-op thread lets convolutional networks differ from run to run.
    """
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    for gpu in _gpus():
        tf.config.experimental.set_memory_growth(gpu, True)


def describe() -> dict[str, str]:
    """Return what computes: the device, and the versions of what runs on it."""
    device = "GPU" if _gpus() else "CPU"
    versions = installed({"tensorflow": tf.__version__})
    return {"device": device, "versions": versions}


def to_device(array: np.ndarray):
    """Return `array` as a tensor on the device."""
    return tf.constant(array)


def training_step(model, optimizer, x, y):
    """Return `step(indices)`: one update, returning summed loss and correct answers.

    Args:
        model: Keras model with logits.
        optimizer: Keras optimizer, built on the model's trainable variables.
        x: All inputs on the device, shape `(N, ...)`.
        y: All labels on the device, shape `(N,)`.
    """

    @_compiled_for(model)
    def step(indices):
        labels = tf.gather(y, indices)
        with tf.GradientTape() as tape:
            logits = model(tf.gather(x, indices), training=True)
            losses = _cross_entropies(labels, logits)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(
            zip(gradients, model.trainable_variables, strict=True)
        )
        return tf.reduce_sum(tf.cast(losses, tf.float64)), _correct(labels, logits)

    return lambda indices: step(tf.constant(indices, tf.int32))


class Evaluator:
    """Compiled loss, gradient and batch moments of a network at a flat vector.

    The network is a function of the flat vector of its trainable weights and of its
    statistics, the floating-point state that is not trained.

    Args:
        network: Keras model that is called with `training=False`.
    """

    def __init__(self, network):
        self._network = network
        compiled = _compiled_for(network)
        self._loss = compiled(self._loss_and_correct)
        self._loss_gradients = compiled(self._loss_and_gradients)
        self._moments = compiled(self._updated_statistics)
        self._moments_gradient = compiled(self._moments_vector_product)

    def statistics(self) -> list[tuple[str, np.ndarray]]:
        """Return names and values of the network's own statistics."""
        return [(v.name, v.numpy()) for v in _floating_state(self._network)]

    def loss(self, x, statistics, inputs, labels) -> tuple[float, int]:
        """Return summed loss and number of correct answers on one batch."""
        loss, correct = self._loss(_vector(x), statistics, inputs, labels)
        return float(loss), int(correct)

    def loss_and_gradient(self, x, statistics, inputs, labels):
        """Return summed loss and its gradients by the vector and by the statistics."""
        loss, gradient, by_statistics = self._loss_gradients(
            _vector(x), statistics, inputs, labels
        )
        return float(loss), gradient.numpy(), [g.numpy() for g in by_statistics]

    def moments(self, x, inputs) -> list[np.ndarray]:
        """Return the statistics that the network computes from one batch."""
        return [m.numpy() for m in self._moments(_vector(x), inputs)]

    def moments_gradient(self, x, inputs, weights) -> np.ndarray:
        """Return the gradient of the inner product of `weights` with `moments`."""
        return self._moments_gradient(_vector(x), inputs, weights).numpy()

    def _call(self, vector, statistics, inputs):
        variables = self._network.trainable_variables
        parts = tf.split(vector, [int(np.prod(v.shape)) for v in variables])
        trainable = [
            tf.reshape(part, v.shape) for part, v in zip(parts, variables, strict=True)
        ]
        given = iter(statistics)
        state = [
            next(given) if _is_floating(variable) else variable.value
            for variable in self._network.non_trainable_variables
        ]
        logits, state = self._network.stateless_call(
            trainable, state, inputs, training=False
        )
        return logits, [s for s in state if s.dtype.is_floating]

    def _loss_and_correct(self, vector, statistics, inputs, labels):
        logits, _ = self._call(vector, statistics, inputs)
        losses = _cross_entropies(labels, logits)
        return tf.reduce_sum(tf.cast(losses, tf.float64)), _correct(labels, logits)

    def _loss_and_gradients(self, vector, statistics, inputs, labels):
        with tf.GradientTape() as tape:
            tape.watch([vector, *statistics])
            logits, _ = self._call(vector, statistics, inputs)
            losses = _cross_entropies(labels, logits)
            loss = tf.reduce_sum(tf.cast(losses, tf.float64))
        gradient, by_statistics = tape.gradient(
            loss, (vector, list(statistics)), unconnected_gradients="zero"
        )
        return loss, gradient, by_statistics

    def _updated_statistics(self, vector, inputs):
        state = [variable.value for variable in _floating_state(self._network)]
        return self._call(vector, state, inputs)[1]

    def _moments_vector_product(self, vector, inputs, weights):
        with tf.GradientTape() as tape:
            tape.watch(vector)
            moments = self._updated_statistics(vector, inputs)
        return tape.gradient(
            moments, vector, output_gradients=weights, unconnected_gradients="zero"
        )


def _gpus():
    return tf.config.list_physical_devices("GPU")


def _compiled_for(model):
    """Return what compiles a function that runs `model`, in the faster of two ways."""
    convolutional = any(isinstance(layer, CONVOLUTIONS) for layer in layers_of(model))
    use_xla = bool(_gpus()) or not convolutional
    return tf.function(jit_compile=use_xla, autograph=False)


def _vector(x):
    return tf.constant(x, keras.config.floatx())


def _is_floating(variable):
    return "float" in keras.backend.standardize_dtype(variable.dtype)


def _floating_state(network):
    return [v for v in network.non_trainable_variables if _is_floating(v)]


def _cross_entropies(labels, logits):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def _correct(labels, logits):
    hits = tf.equal(tf.argmax(logits, -1, tf.int32), labels)
    return tf.reduce_sum(tf.cast(hits, tf.int32))
