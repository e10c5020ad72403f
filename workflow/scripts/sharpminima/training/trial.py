"""Trial: how long an update of a network takes in each way of compiling it."""

import logging
import time

import numpy as np

from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.networks.builders import build
from sharpminima.networks.initialisation import initialise

BATCH, BATCHES = 32, 2
TRIALS, SECONDS = 2, 1.0  # at least so many, and as many as take a second


def seconds_of_each_way(network: dict, input_shape, classes: int) -> dict[str, float]:
    """Return the seconds that an update takes, by way of compiling.

    A way that cannot compile the network is left out.

    Args:
        network: A `networks` entry of the config.
        input_shape: Shape of one example.
        classes: Number of logits.
    """
    seconds = {}
    for way in backend.WAYS:
        backend.compile_by(way)
        try:
            seconds[way] = _seconds_of_an_update(network, input_shape, classes)
        except Exception as error:  # of any type: compilers raise what they like
            if way == backend.WAYS[0]:
                raise
            logging.info("%s cannot compile this network: %s", way, error)
        else:
            logging.info("%s: %.3g s an update", way, seconds[way])
    return seconds


def _seconds_of_an_update(network, input_shape, classes):
    """Return the least seconds of some trials, after one that compiles."""
    model = build(network, input_shape=input_shape, classes=classes)
    initialise(model, 0)
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(0)
    x = rng.random((BATCH * BATCHES, *input_shape), np.float32)
    y = rng.integers(0, classes, len(x), dtype=np.int32)
    run = backend.epoch_runner(model, optimizer, *map(backend.to_device, (x, y)))
    cut = np.split(np.arange(len(x)), BATCHES)
    run(cut)
    seconds = []
    while len(seconds) < TRIALS or sum(seconds) < SECONDS:
        seconds.append(_timed(run, cut))
    return min(seconds) / BATCHES


def _timed(run, batches):
    started = time.perf_counter()
    run(batches)
    return time.perf_counter() - started
