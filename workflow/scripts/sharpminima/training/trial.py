"""The trial that chooses how to compile the steps of one network.

Which way is the fastest depends on the layers, the device and the versions of the
compilers. Ways round differently, so the choice alters the weights and must not depend
on chance. The backend's first way is therefore kept unless another is clearly faster.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np

from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.networks.builders import build
from sharpminima.networks.initialisation import initialise

BATCH, BATCHES = 32, 2
ROUNDS, SECONDS = 5, 3.0  # at least this many, and at least this long
# Clearly faster: both the median and the shortest time are shorter by this factor.
MARGIN = 1.2
# A way that first takes this many times as long as the first way is not tried again.
HOPELESS = 3.0


def seconds_of_each_way(
    network: dict, input_shape, classes: int
) -> dict[str, list[float]]:
    """Return the seconds of an update in each round of the trial, by way of compiling.

    A way that cannot compile the network is left out.

    Args:
        network: A `networks` entry of the config.
        input_shape: Shape of one example.
        classes: Number of logits.
    """
    # Step 1: compile the network in each way, before any clock runs.
    timed = {}
    for way in backend.WAYS:
        backend.compile_by(way)
        try:
            timed[way] = _compiled(network, input_shape, classes)
        except Exception as error:  # of any type: compilers raise what they like
            if way == backend.WAYS[0]:
                raise
            logging.info("%s cannot compile this network: %s", way, error)
    # Step 2: time the ways in turn, so that a busy machine slows all of them down.
    seconds = {way: [] for way in timed}
    first = seconds[backend.WAYS[0]]
    started = time.perf_counter()
    while len(first) < ROUNDS or time.perf_counter() - started < SECONDS:
        for way, seconds_of_an_update in timed.items():
            if not seconds[way] or seconds[way][0] < HOPELESS * first[0]:
                seconds[way].append(seconds_of_an_update())
    for way, found in seconds.items():
        logging.info("%s: %.3g s an update, %d rounds", way, median(found), len(found))
    return seconds


def chosen(seconds: Mapping[str, Sequence[float]]) -> str:
    """Return the first way of compiling, or the fastest of those clearly faster.

    Args:
        seconds: What `seconds_of_each_way` returned, the backend's first way first.
    """
    first, *others = seconds
    # A busy machine adds time to some rounds. It may move the median of a way, but
    # hardly its shortest time; where the two disagree, nothing is clear.
    faster = [
        way
        for way in others
        if all(
            MARGIN * typical(seconds[way]) < typical(seconds[first])
            for typical in (min, median)
        )
    ]
    return min(faster, key=lambda way: median(seconds[way]), default=first)


def _compiled(network, input_shape, classes):
    """Return a function that makes some updates and returns the seconds of one."""
    model = build(network, input_shape=input_shape, classes=classes)
    initialise(model, 0)
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(0)
    x = rng.random((BATCH * BATCHES, *input_shape), np.float32)
    y = rng.integers(0, classes, len(x), dtype=np.int32)
    run = backend.epoch_runner(model, optimizer, *map(backend.to_device, (x, y)))
    cut = np.split(np.arange(len(x)), BATCHES)
    list(run(cut))

    def seconds_of_an_update():
        started = time.perf_counter()
        list(run(cut))
        return (time.perf_counter() - started) / BATCHES

    return seconds_of_an_update
