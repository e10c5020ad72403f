"""JAX, behind the names of `sharpminima.backend`; no other module imports it.

JAX may use 64 bits, so that losses can be summed in float64 on the device. Keras gives
every array its type, so that networks stay in float32.
"""

import itertools
import os
import sys

import jax
import jax.numpy as jnp
import numpy as np

from sharpminima.backends.versions import installed

# Keras imports TensorFlow if it is installed, for instance to copy a layer.
sys.modules["tensorflow"] = None
import keras as keras  # noqa: E402

jax.config.update("jax_enable_x64", True)

# `loop` compiles one step and repeats it in Python; `scan` compiles a whole epoch. On a
# CPU, gradients of convolutions are a hundred times slower in a scan (jax-ml/jax, issue
# 12868).
WAYS = ("loop", "scan")


def configure(threads: int) -> None:
    """Make this process deterministic, in full float32, on at most `threads` cores.

    XLA reads these variables when it first computes. Among its settings only PJRT_NPROC
    sets the size of the thread pools. The flags that ask for a single thread do not
    stop the other threads.
    """
    os.environ["PJRT_NPROC"] = str(threads)
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    # The last flag wins, so our own comes after what is left of the user's.
    os.environ.setdefault("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] += " --xla_gpu_deterministic_ops=true"
    jax.config.update("jax_default_matmul_precision", "highest")


def device() -> str:
    """Return the kind of device that computes, `GPU` or `CPU`."""
    return jax.default_backend().upper()


def versions() -> str:
    """Return the versions of the packages that compute, as one text."""
    return installed({"jax": jax.__version__, "jaxlib": jax.lib.__version__})


def tensor_float_32(enabled: bool):
    """Allow or forbid TF32 in matrix products and convolutions on a GPU."""
    return jax.default_matmul_precision("tensorfloat32" if enabled else "highest")


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether `error` means that the device has no memory left."""
    raised_here = isinstance(error, jax.errors.JaxRuntimeError)
    return raised_here and "RESOURCE_EXHAUSTED" in str(error)


def to_device(array: np.ndarray):
    """Return `array` as an array on the device."""
    return jnp.asarray(array)


def epoch_runner(model, optimizer, x, y, way, *, objective=None, around=None):
    """Return what `backend.epoch_runner` returns, compiled in the given `way`.

    JAX compiles pure functions, which take and return every value that changes. Here
    that is the `state`: the values of the model's trainable variables, of its other
    variables, and of the optimizer's variables.
    """
    variables = [
        model.trainable_variables,
        model.non_trainable_variables,
        optimizer.variables,
    ]
    update = _update(model, optimizer, objective)
    if around:
        update = around(update)

    # The data are arguments: as constants they would be compiled into the program.
    def step(state, indices, views, y):
        return update(state, y[indices], [view[indices] for view in views])

    updates = {"scan": _scan, "loop": _loop}[way](step)

    def run(batches, views=(x,)):
        # Step 1: take the values out of Keras' variables.
        state = [[variable.value for variable in group] for group in variables]
        # Step 2: update once for each batch. A scan takes batches of one size only, so
        # a smaller last batch gets a scan of its own.
        results = []
        for size, part in itertools.groupby(batches, len):
            indices = np.array([*part], np.int32)
            state, sums = updates(state, indices, views, y)
            results += [(*one, size) for one in zip(*sums)]
        # Step 3: put the new values back.
        for group, values in zip(variables, state):
            for variable, value in zip(group, values):
                variable.assign(value)
        # Step 4: add up what the batches saw, in Python's float64.
        return [sum(map(float, column)) for column in zip(*results)]

    return run


def compiled(function, way):
    """Return `function` compiled by XLA; both of the `WAYS` compile it alike."""
    return jax.jit(function)


def traced(function):
    """Return `function` compiled by XLA, which has all of JAX's operations."""
    return jax.jit(function)


def value_and_gradients(function, *arguments):
    """Return what `backend.value_and_gradients` returns."""
    by_all = range(len(arguments))
    return jax.value_and_grad(function, by_all, has_aux=True)(*arguments)


def vector_product(function, argument, weights):
    """Return what `backend.vector_product` returns."""
    _, pull_back = jax.vjp(function, argument)
    return pull_back(weights)[0]


def loss_and_correct(labels, logits):
    """Return what `backend.loss_and_correct` returns."""
    return _summed(cross_entropies(labels, logits)), _correct(labels, logits)


def cross_entropies(labels, logits):
    """Return the cross entropy of each example, shape `(N,)`, in nats."""
    likelihoods = jax.nn.log_softmax(logits.astype(keras.config.floatx()))
    return -jnp.take_along_axis(likelihoods, labels[:, None], axis=-1)[:, 0]


def _scan(step):
    """Return a function that makes one step for each row of indices, as one scan."""

    def scan(state, batches, views, y):
        return jax.lax.scan(lambda s, batch: step(s, batch, views, y), state, batches)

    return jax.jit(scan)


def _loop(step):
    """Return a function that makes one step for each row of indices, in Python."""
    compiled_step = jax.jit(step)

    def loop(state, batches, views, y):
        sums = []
        for batch in batches:
            state, one = compiled_step(state, batch, views, y)
            sums.append(one)
        return state, zip(*sums)

    return loop


def _update(model, optimizer, objective):
    """Return one update of training as a pure function of the state and a batch."""

    def minimised(trainable, others, labels, views):
        def call(inputs):
            return model.stateless_call(trainable, others, inputs, training=True)

        # Another pass starts from the same state: it has the same dropout, and what it
        # adds to the moving averages is dropped.
        def again(inputs):
            return call(inputs)[0]

        logits, others_after = call(views[0])
        losses = cross_entropies(labels, logits)
        loss = jnp.mean(losses)
        if objective:
            loss = objective(loss, logits, again, labels, *views)
        sums = _summed(losses), _correct(labels, logits)
        return loss, (sums, others_after)

    def update(state, labels, views, pull=None):
        trainable, others, slots = state
        gradients, (sums, others) = jax.grad(minimised, has_aux=True)(
            trainable, others, labels, views
        )
        if pull:
            gradients = pull(gradients, trainable)
        trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
        return [trainable, others, slots], sums

    return update


def _summed(losses):
    return jnp.sum(losses, dtype=jnp.float64)


def _correct(labels, logits):
    return jnp.sum(jnp.argmax(logits, -1) == labels, dtype=jnp.int32)
