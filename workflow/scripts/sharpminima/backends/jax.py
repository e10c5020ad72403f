"""JAX, behind the names of `sharpminima.backend`; no other module imports it.

JAX may use 64 bits, so that losses can be summed in float64 on the device. Keras gives
every array its type, so that networks stay in float32.
"""

import importlib.abc
import itertools
import os
import sys

import jax
import jax.numpy as jnp
import numpy as np

from sharpminima.backends.updates import never, numbers
from sharpminima.backends.versions import installed


class _NoTensorFlow(importlib.abc.MetaPathFinder):
    """Keeps TensorFlow out, which Keras imports if it can, such as to copy a layer."""

    def find_spec(self, name, path=None, target=None):
        """Refuse TensorFlow, and leave other modules to other finders."""
        if name == "tensorflow":
            raise ModuleNotFoundError(f"On JAX there is no {name}.", name=name)


# None in `sys.modules` would do the same, but Keras' layers that prepare inputs would
# take it for TensorFlow.
sys.meta_path.insert(0, _NoTensorFlow())
import keras as keras  # noqa: E402

jax.config.update("jax_enable_x64", True)

# `loop` compiles one step and repeats it in Python; `scan` compiles a whole epoch. On a
# CPU, gradients of convolutions are a hundred times slower in a scan (jax-ml/jax, issue
# 12868).
WAYS = ("loop", "scan")
# Examples in one scan, at most: training can pause after as many.
SCANNED = 1 << 13


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


def device_names() -> list[str]:
    """Return the names of the devices that compute."""
    return [found.device_kind for found in jax.devices()]


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

    def run(batches, views=(x,), due=never):
        # Step 1: take the values out of Keras' variables.
        state, found = [[v.value for v in group] for group in variables], []
        # Step 2: update once for each batch, piece by piece.
        for piece in _pieces(batches, way):
            state, sums = updates(state, np.array(piece, np.int32), views, y)
            found += [(*one, len(piece[0])) for one in zip(*sums)]
            # Step 3: put the new values back for a pause.
            if due():
                put_back(state)
                yield numbers(found)
                found = []
        if found:
            put_back(state)
            yield numbers(found)

    def put_back(state):
        for variable, value in zip(
            itertools.chain(*variables), itertools.chain(*state)
        ):
            variable.assign(value)

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


def derivative(function, arguments, directions):
    """Return what `backend.derivative` returns."""
    return jax.jvp(function, tuple(arguments), tuple(directions))[1]


def hessian_product(function, arguments, directions):
    """Return what `backend.hessian_product` returns."""
    # Forward over reverse. Reverse over reverse takes 1.5 times as long for F1, and 3.5
    # times for C1.
    gradients = jax.grad(function, range(len(arguments)))
    return derivative(gradients, arguments, directions)


def loss_and_correct(labels, logits):
    """Return what `backend.loss_and_correct` returns."""
    return _summed(cross_entropies(labels, logits)), _correct(labels, logits)


def cross_entropies(labels, logits, precision=None):
    """Return what `backend.cross_entropies` returns."""
    likelihoods = jax.nn.log_softmax(logits.astype(precision or keras.config.floatx()))
    return -jnp.take_along_axis(likelihoods, labels[:, None], axis=-1)[:, 0]


def _pieces(batches, way):
    """Yield `batches` in lists of one size, between which training may pause."""
    # A scan takes batches of one size only. Its pieces always begin at the same
    # batches: the compiler may round otherwise in a scan of another length.
    for size, part in itertools.groupby(batches, len):
        length = max(1, SCANNED // size) if way == "scan" else 1
        while piece := list(itertools.islice(part, length)):
            yield piece


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
    variables = model.trainable_variables, model.non_trainable_variables

    def minimised(trainable, others, labels, views):
        def call(inputs):
            given = zip(itertools.chain(*variables), (*trainable, *others))
            with keras.StatelessScope([*given], collect_losses=True) as scope:
                logits = model.call(inputs, training=True)
                penalties = model.losses
            # What layers have assigned: averages, and kernels that they normalise.
            after = [[scope.get_current_value(v) for v in group] for group in variables]
            return logits, after, penalties

        # Another pass starts from the same state: it has the same dropout, and what it
        # adds to the moving averages is dropped.
        def again(inputs):
            return call(inputs)[0]

        logits, after, penalties = call(views[0])
        losses = cross_entropies(labels, logits)
        loss = jnp.mean(losses)
        if objective:
            loss = objective(loss, logits, again, labels, *views)
        for penalty in penalties:
            loss += jnp.sum(penalty.astype(keras.config.floatx()))
        sums = _summed(losses), _correct(labels, logits)
        return loss, (sums, after)

    def update(state, labels, views, pull=None):
        trainable, others, slots = state
        gradients, (sums, (trainable, others)) = jax.grad(minimised, has_aux=True)(
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
