"""JAX, and the only module that names it: see `sharpminima.backend`.

JAX may use 64 bits here, so that losses are summed in float64 where they arise; Keras
gives every array its type, and networks stay in float32.
"""

import itertools
import os
import sys

import jax
import jax.numpy as jnp
import numpy as np

from sharpminima.backends.versions import installed

# Keras imports TensorFlow wherever it finds it, to copy a layer for instance.
sys.modules["tensorflow"] = None
import keras as keras  # noqa: E402

jax.config.update("jax_enable_x64", True)

# A loop in Python over a compiled step, or an epoch as one scan. On a CPU, gradients of
# convolutions are a hundred times slower in a scan (jax-ml/jax, issue 12868).
WAYS = ("loop", "scan")


def configure(threads: int) -> None:
    """Make this process deterministic, in full float32, on `threads` cores at most.

    XLA reads these variables before it computes for the first time. Its flags for a
    single thread leave others busy; only PJRT_NPROC sets the size of its thread pools.
    """
    os.environ["PJRT_NPROC"] = str(threads)
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    os.environ.setdefault("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] += " --xla_gpu_deterministic_ops=true"
    jax.config.update("jax_default_matmul_precision", "highest")


def device() -> str:
    """Return what computes, `GPU` or `CPU`."""
    return jax.default_backend().upper()


def versions() -> str:
    """Return the versions of the packages behind the numbers."""
    return installed({"jax": jax.__version__, "jaxlib": jax.lib.__version__})


def tensor_float_32(enabled: bool):
    """Let matrix products and convolutions on a GPU round to TF32, or not."""
    return jax.default_matmul_precision("tensorfloat32" if enabled else "highest")


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether `error` says that the device has no memory left."""
    raised_here = isinstance(error, jax.errors.JaxRuntimeError)
    return raised_here and "RESOURCE_EXHAUSTED" in str(error)


def to_device(array: np.ndarray):
    """Return `array` as an array on the device."""
    return jnp.asarray(array)


def epoch_runner(model, optimizer, x, y, way, *, objective=None, around=None):
    """Return `run(batches, views)`, which trains `model` in place, an update a batch.

    `batches` is a list of index arrays; `run` returns the summed loss, the number of
    correct answers and the number of examples, as training saw them. `views` are arrays
    like `x`, by default `x` alone: what training sees, and what `objective` sees, too.
    In a scan, all batches are compiled as one; a smaller last one is another.

    Args:
        model: Keras model with logits.
        optimizer: Keras optimizer, built on the model's trainable variables.
        x: All inputs on the device, shape `(N, ...)`.
        y: All labels on the device, shape `(N,)`.
        way: One of `WAYS`.
        objective: What is minimised, if not the mean loss: see `objectives`.
        around: What wraps the update, if anything: see `conservative`.
    """
    groups = [
        *(model.trainable_variables, model.non_trainable_variables),
        optimizer.variables,
    ]
    update = _update(model, optimizer, objective)
    whole_update = around(update) if around else update

    # The data are arguments: as constants, they would be compiled into the program.
    def step(state, batch, views, y):
        return whole_update(state, y[batch], [view[batch] for view in views])

    through = {"scan": _at_once, "loop": _one_by_one}[way](step)

    def run(batches, views=(x,)):
        state, results = [[v.value for v in variables] for variables in groups], []
        for size, part in itertools.groupby(batches, len):
            state, sums = through(state, np.array([*part], np.int32), views, y)
            results += [(*one, size) for one in zip(*sums)]
        for variables, values in zip(groups, state):
            for variable, value in zip(variables, values):
                variable.assign(value)
        return [sum(map(float, column)) for column in zip(*results)]

    return run


def compiled(function, way):
    """Return `function` compiled: by XLA, whatever way epochs go."""
    return jax.jit(function)


def traced(function):
    """Return `function` compiled, whatever its operations."""
    return jax.jit(function)


def value_and_gradients(function, *arguments):
    """Return what `function` returns, and the gradients of its first value.

    Args:
        function: Returns a scalar, and anything beside it.
        arguments: By which the gradients are taken.
    """
    by_all = range(len(arguments))
    return jax.value_and_grad(function, by_all, has_aux=True)(*arguments)


def vector_product(function, argument, weights):
    """Return the gradient of the inner product of `weights` with `function(argument)`.

    Args:
        function: Returns a list of arrays.
        argument: Where the gradient is taken.
        weights: One array for each that `function` returns, of its shape.
    """
    _, pull_back = jax.vjp(function, argument)
    return pull_back(weights)[0]


def loss_and_correct(labels, logits):
    """Return the cross entropies' sum, in float64, and the number of correct answers.

    Args:
        labels: Shape `(N,)`.
        logits: Shape `(N, classes)`.
    """
    return _summed(cross_entropies(labels, logits)), _correct(labels, logits)


def cross_entropies(labels, logits):
    """Return the cross entropy of each example, shape `(N,)`, in nats."""
    likelihoods = jax.nn.log_softmax(logits.astype(keras.config.floatx()))
    return -jnp.take_along_axis(likelihoods, labels[:, None], axis=-1)[:, 0]


def _at_once(step):
    """Return one compiled scan of `step` over batches of one size."""

    def scan(state, batches, views, y):
        return jax.lax.scan(lambda s, batch: step(s, batch, views, y), state, batches)

    return jax.jit(scan)


def _one_by_one(step):
    """Return what `_at_once` does, as a loop in Python over a compiled step."""
    compiled_step = jax.jit(step)

    def loop(state, batches, views, y):
        sums = []
        for batch in batches:
            state, one = compiled_step(state, batch, views, y)
            sums.append(one)
        return state, zip(*sums)

    return loop


def _update(model, optimizer, objective):
    """Return one step of training as a pure function of all variables' values."""

    def minimised(trainable, others, labels, views):
        def call(inputs):
            return model.stateless_call(trainable, others, inputs, training=True)

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
