"""TensorFlow, and the only module that names it: see `sharpminima.backend`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from sharpminima.backends.versions import installed
from sharpminima.logs import native_output_muted

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.modules["jax"] = None  # TensorFlow Lite would import it
with native_output_muted():
    import keras as keras
    import tensorflow as tf
del sys.modules["jax"]

# XLA makes dense networks 1.5-4 times faster on a CPU and convolutional ones 3-4 times
# slower than oneDNN does in a plain graph, and refuses max pooling's gradient where
# it is to be deterministic.
WAYS = ("graph", "xla")


def configure(threads: int) -> None:
    """Make this process deterministic, in full float32, on `threads` cores at most.

    More than one inter-op thread lets convolutional networks differ from run to run.
    """
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    for gpu in _gpus():
        tf.config.experimental.set_memory_growth(gpu, True)


def device() -> str:
    """Return what computes, `GPU` or `CPU`."""
    return "GPU" if _gpus() else "CPU"


def versions() -> str:
    """Return the versions of the packages behind the numbers."""
    return installed({"tensorflow": tf.__version__})


@contextmanager
def tensor_float_32(enabled: bool) -> Iterator[None]:
    """Let matrix products and convolutions on a GPU round to TF32, or not."""
    tf.config.experimental.enable_tensor_float_32_execution(enabled)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(False)


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether `error` says that the device has no memory left."""
    return isinstance(error, tf.errors.ResourceExhaustedError)


def to_device(array: np.ndarray):
    """Return `array` as a tensor on the device."""
    return tf.constant(array)


def epoch_runner(model, optimizer, x, y, way, *, objective=None, around=None):
    """Return `run(batches, views)`, which trains `model` in place, an update a batch.

    `batches` is a list of index arrays; `run` returns the summed loss, the number of
    correct answers and the number of examples, as training saw them. `views` are arrays
    like `x`, by default `x` alone: what training sees, and what `objective` sees, too.

    Args:
        model: Keras model with logits.
        optimizer: Keras optimizer, built on the model's trainable variables.
        x: All inputs on the device, shape `(N, ...)`.
        y: All labels on the device, shape `(N,)`.
        way: One of `WAYS`.
        objective: What is minimised, if not the mean loss: see `objectives`.
        around: What wraps the update, if anything: see `conservative`.
    """
    variables = model.trainable_variables

    def update(state, labels, views, pull=None):
        again = _again(model)
        with tf.GradientTape() as tape:
            logits = model(views[0], training=True)
            losses = cross_entropies(labels, logits)
            loss = tf.reduce_mean(losses)
            if objective:
                loss = objective(loss, logits, again, labels, *views)
        gradients = tape.gradient(loss, variables)
        if pull:
            gradients = pull(gradients, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return state, (_summed(losses), _correct(labels, logits))

    whole_update = around(update) if around else update

    def step(indices, *views):
        labels, *views = (tf.gather(array, indices) for array in (y, *views))
        return whole_update([variables], labels, views)[1]

    compiled_step = compiled(step, way)

    def run(batches, views=(x,)):
        cut = [(tf.constant(indices, tf.int32), len(indices)) for indices in batches]
        results = [(*compiled_step(indices, *views), size) for indices, size in cut]
        return [sum(map(float, column)) for column in zip(*results)]

    return run


def compiled(function, way):
    """Return `function` compiled in one of the `WAYS`."""
    return tf.function(function, jit_compile=way == "xla", autograph=False)


def traced(function):
    """Return `function` as one graph, of operations that XLA may not have."""
    return tf.function(function, autograph=False)


def value_and_gradients(function, *arguments):
    """Return what `function` returns, and the gradients of its first value.

    Args:
        function: Returns a scalar, and anything beside it.
        arguments: By which the gradients are taken.
    """
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        value, beside = function(*arguments)
    gradients = tape.gradient(value, arguments, unconnected_gradients="zero")
    return (value, beside), gradients


def vector_product(function, argument, weights):
    """Return the gradient of the inner product of `weights` with `function(argument)`.

    Args:
        function: Returns a list of tensors.
        argument: Where the gradient is taken.
        weights: One tensor for each that `function` returns, of its shape.
    """
    with tf.GradientTape() as tape:
        tape.watch(argument)
        values = function(argument)
    return tape.gradient(
        values, argument, output_gradients=weights, unconnected_gradients="zero"
    )


def loss_and_correct(labels, logits):
    """Return the cross entropies' sum, in float64, and the number of correct answers.

    Args:
        labels: Shape `(N,)`.
        logits: Shape `(N, classes)`.
    """
    return _summed(cross_entropies(labels, logits)), _correct(labels, logits)


def cross_entropies(labels, logits):
    """Return the cross entropy of each example, shape `(N,)`, in nats."""
    logits = tf.cast(logits, keras.config.floatx())
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def _gpus():
    return tf.config.list_physical_devices("GPU")


def _again(model):
    """Return another pass of training through `model`, as its state is now.

    It has the dropout of the model's own next pass, and leaves the state as it is.
    """
    state = [tf.identity(v.value) for v in model.non_trainable_variables]

    def call(inputs):
        point = [v.value for v in model.trainable_variables]
        return model.stateless_call(point, state, inputs, training=True)[0]

    return call


def _summed(losses):
    return tf.reduce_sum(tf.cast(losses, tf.float64))


def _correct(labels, logits):
    hits = tf.equal(tf.argmax(logits, -1, tf.int32), labels)
    return tf.reduce_sum(tf.cast(hits, tf.int32))
