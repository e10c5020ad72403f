"""TensorFlow, behind the names of `sharpminima.backend`; no other module imports it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from sharpminima.backends.updates import never, numbers
from sharpminima.backends.versions import installed
from sharpminima.jobs.logs import native_output_muted

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.modules["jax"] = None  # TensorFlow Lite would import it
with native_output_muted():
    import keras as keras
    import tensorflow as tf
del sys.modules["jax"]

# `graph` computes with oneDNN. On a CPU `xla` is 1.5-4 times faster than that for dense
# networks and 3-4 times slower for convolutional ones. XLA has no deterministic
# gradient of max pooling, so it cannot compile networks that need one.
WAYS = ("graph", "xla")


def configure(threads: int) -> None:
    """Make this process deterministic, in full float32, on at most `threads` cores.

    With more than one inter-op thread, convolutional networks differ from run to run.
    """
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    for gpu in _gpus():
        tf.config.experimental.set_memory_growth(gpu, True)


def device() -> str:
    """Return the kind of device that computes, `GPU` or `CPU`."""
    return "GPU" if _gpus() else "CPU"


def device_names() -> list[str]:
    """Return the names of the GPUs, if there are any."""
    details = map(tf.config.experimental.get_device_details, _gpus())
    return [str(found.get("device_name")) for found in details]


def versions() -> str:
    """Return the versions of the packages that compute, as one text."""
    return installed({"tensorflow": tf.__version__})


@contextmanager
def tensor_float_32(enabled: bool) -> Iterator[None]:
    """Allow or forbid TF32 in matrix products and convolutions on a GPU."""
    tf.config.experimental.enable_tensor_float_32_execution(enabled)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(False)


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether `error` means that the device has no memory left."""
    return isinstance(error, tf.errors.ResourceExhaustedError)


def to_device(array: np.ndarray):
    """Return `array` as a tensor on the device."""
    return tf.constant(array)


def epoch_runner(model, optimizer, x, y, way, *, objective=None, around=None):
    """Return what `backend.epoch_runner` returns, compiled in the given `way`.

    TensorFlow updates variables in place. The `state` is therefore only the list of the
    trainable variables, for a remedy that asks where a batch began.
    """
    variables = model.trainable_variables

    def update(state, labels, views, pull=None):
        # Another pass starts from the same state: it has the same dropout, and what it
        # adds to the moving averages is dropped.
        others = [tf.identity(v.value) for v in model.non_trainable_variables]

        def again(inputs):
            point = [v.value for v in variables]
            return model.stateless_call(point, others, inputs, training=True)[0]

        with tf.GradientTape() as tape:
            logits = model(views[0], training=True)
            losses = cross_entropies(labels, logits)
            loss = tf.reduce_mean(losses)
            # Another pass of the model would replace them.
            penalties = model.losses
            if objective:
                loss = objective(loss, logits, again, labels, *views)
            loss = tf.add_n([loss, *map(_total, penalties)])
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

    def run(batches, views=(x,), due=never):
        # All indices are sent to the device before the first update.
        cut = [(tf.constant(indices, tf.int32), len(indices)) for indices in batches]
        found = []
        for indices, size in cut:
            found.append((*compiled_step(indices, *views), size))
            if due():
                yield numbers(found)
                found = []
        if found:
            yield numbers(found)

    return run


def compiled(function, way):
    """Return `function` compiled in one of the `WAYS`."""
    return tf.function(function, jit_compile=way == "xla", autograph=False)


def traced(function):
    """Return `function` as one graph, which may have operations that XLA lacks."""
    return tf.function(function, autograph=False)


def value_and_gradients(function, *arguments):
    """Return what `backend.value_and_gradients` returns."""
    with tf.GradientTape() as tape:
        tape.watch(arguments)
        value, beside = function(*arguments)
    # Where the value does not depend on an argument, JAX gives zero and so do we.
    gradients = tape.gradient(value, arguments, unconnected_gradients="zero")
    return (value, beside), gradients


def vector_product(function, argument, weights):
    """Return what `backend.vector_product` returns."""
    with tf.GradientTape() as tape:
        tape.watch(argument)
        values = function(argument)
    return tape.gradient(
        values, argument, output_gradients=weights, unconnected_gradients="zero"
    )


def derivative(function, arguments, directions):
    """Return what `backend.derivative` returns."""
    with tf.autodiff.ForwardAccumulator(list(arguments), list(directions)) as forward:
        values = function(*arguments)
    return forward.jvp(values, unconnected_gradients="zero")


def hessian_product(function, arguments, directions):
    """Return what `backend.hessian_product` returns."""
    # The slope along the directions, and its gradient. Forward over reverse takes a
    # tenth longer, and twice as long to compile.
    with _differentiable_moments(), tf.GradientTape() as tape:
        tape.watch(arguments)
        gradients = value_and_gradients(lambda *a: (function(*a), None), *arguments)[1]
        products = tf.nest.map_structure(tf.multiply, gradients, tuple(directions))
        slope = tf.add_n([tf.reduce_sum(part) for part in tf.nest.flatten(products)])
    return tape.gradient(slope, arguments, unconnected_gradients="zero")


def loss_and_correct(labels, logits):
    """Return what `backend.loss_and_correct` returns."""
    return _summed(cross_entropies(labels, logits)), _correct(labels, logits)


def cross_entropies(labels, logits, precision=None):
    """Return what `backend.cross_entropies` returns."""
    logits = tf.cast(logits, precision or keras.config.floatx())
    return tf.nn.sparse_softmax_cross_entropy_with_logits(_int32(labels), logits)


@contextmanager
def _differentiable_moments():
    """Give `tf.nn.moments` second derivatives, for what is traced meanwhile.

    TensorFlow holds the mean fixed in the variance. That leaves the gradient as it is,
    but not the Hessian. All of Keras' normalisations call this function.
    """

    def moments(x, axes, keepdims=False, **others):
        mean = tf.reduce_mean(x, axes, keepdims=True)
        variance = tf.reduce_mean(tf.square(x - mean), axes, keepdims=True)
        found = mean, variance
        return found if keepdims else tuple(tf.squeeze(part, axes) for part in found)

    original, tf.nn.moments = tf.nn.moments, moments
    try:
        yield
    finally:
        tf.nn.moments = original


def _int32(labels):
    # TensorFlow's cross entropy takes no shorter integers, such as bytes.
    return tf.cast(labels, tf.int32)


def _gpus():
    return tf.config.list_physical_devices("GPU")


def _total(penalty):
    return tf.reduce_sum(tf.cast(penalty, keras.config.floatx()))


def _summed(losses):
    return tf.reduce_sum(tf.cast(losses, tf.float64))


def _correct(labels, logits):
    hits = tf.equal(tf.argmax(logits, -1, tf.int32), _int32(labels))
    return tf.reduce_sum(tf.cast(hits, tf.int32))
