"""The backend: TensorFlow or JAX, whichever KERAS_BACKEND names, and never both.

Keras itself reads KERAS_BACKEND. The Snakefile sets it to the config's `backend`, and
jobs inherit it. Other modules take Keras from here, so that it loads with the right
backend; what differs between the two is behind these few names.
"""

import os

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
to_device = _chosen.to_device
epoch_runner = _chosen.epoch_runner
compiled = _chosen.compiled
value_and_gradients = _chosen.value_and_gradients
vector_product = _chosen.vector_product
loss_and_correct = _chosen.loss_and_correct
