"""The backend: TensorFlow or JAX, whichever KERAS_BACKEND names, and never both.

Keras itself reads KERAS_BACKEND. The Snakefile sets it to the config's `backend`, and
jobs inherit it. Other modules take Keras from here, so that it loads with the right
backend; what differs between the two is behind these few names.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

match os.environ.setdefault("KERAS_BACKEND", "tensorflow"):
    case "tensorflow":
        from sharpminima import tensorflow_backend as _chosen
    case "jax":
        from sharpminima import jax_backend as _chosen
    case other:
        raise ValueError(
            f"KERAS_BACKEND must be `tensorflow` or `jax`. Received: {other!r}"
        )

keras = _chosen.keras
configure = _chosen.configure
describe = _chosen.describe
tensor_float_32 = _chosen.tensor_float_32
to_device = _chosen.to_device
epoch_runner = _chosen.epoch_runner
compiled = _chosen.compiled
traced = _chosen.traced
value_and_gradients = _chosen.value_and_gradients
vector_product = _chosen.vector_product
loss_and_correct = _chosen.loss_and_correct
cross_entropies = _chosen.cross_entropies


@contextmanager
def enough_memory(lower: str) -> Iterator[None]:
    """Say which settings to `lower` where the device's memory does not do.

    Batches are never cut: the moments of batch normalisation would be those of the
    pieces, which makes another function of the same weights.

    Raises:
        MemoryError: If the device had no memory left.
    """
    try:
        yield
    except Exception as error:
        if not _chosen.is_out_of_memory(error):
            raise
        raise MemoryError(
            f"The device's memory is too small. Lower {lower}, or use another device."
        ) from error
