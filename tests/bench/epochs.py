"""A training epoch: the project's compiled step against plain Keras and PyTorch."""

from collections.abc import Iterator

import cases
import timing

from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.regimes import batches

# Network, batch size, updates of the epoch. The small batches are those of the default
# study and of the paper; the large ones are 10 %.
EPOCHS = [
    *(("F1", 32, 125), ("F1", 256, 16), ("F1", 400, 10)),
    *(("C1", 256, 4), ("C1", 100, 10)),
    *(("C2", 256, 1), ("C2", 25, 10)),
]
# On C2, XLA was 16 times slower on a CPU, and takes minutes to show it.
SETTINGS_OF_JIT = {"F1": (True, False), "C1": (True, False), "C2": (False,)}


def rows(cores: int) -> Iterator[dict]:
    """Yield the timings of each network and batch size."""
    for network, size, updates in EPOCHS:
        dataset = cases.noise(network, size * updates)
        variants = {"sharpminima": ours(network, dataset, size)}
        for jit in SETTINGS_OF_JIT[network]:
            variants[f"Model.fit, jit_compile={jit}"] = _fit(
                network, dataset, size, jit
            )
        if plain := _pytorch(network, dataset, size, cores):
            variants["plain PyTorch"] = plain
        case = f"{network}, batch {size}, {size * updates} examples"
        for row in timing.alternate(variants):
            yield {"benchmark": "training epoch", "case": case, **row}


def ours(network, dataset, size):
    model = cases.model(network, dataset)
    x, y = backend.to_device(dataset.x_train), backend.to_device(dataset.y_train)
    run = backend.epoch_runner(model, _adam(model), x, y)
    examples, order = len(dataset.x_train), {"last_batch": "keep", "seed": 0}

    def epoch():
        list(run([*batches.epoch_batches(examples, size, epoch=0, **order)]))

    return epoch


def _adam(model):
    optimizer = keras.optimizers.Adam(epsilon=1e-8)
    optimizer.build(model.trainable_variables)
    return optimizer


def _fit(network, dataset, size, jit):
    model = cases.model(network, dataset)
    model.compile(
        keras.optimizers.Adam(epsilon=1e-8),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=jit,
    )
    x, y = dataset.x_train, dataset.y_train
    return lambda: model.fit(x, y, batch_size=size, verbose=0)


def _pytorch(network, dataset, size, cores):
    """Return an epoch in plain PyTorch, where that is installed."""
    try:
        import pytorch
    except ImportError:
        return None
    return pytorch.epoch(network, dataset, size, cores)
