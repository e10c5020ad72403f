"""Train a small network in each way of compiling; print digests of the weights.

    python surroundings.py

`unit/test_backend.py` runs it in different surroundings and compares.
"""

import hashlib

import numpy as np
from compute import layers

from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.networks.initialisation import initialise
from sharpminima.networks.parameters import flatten
from training_runs import images


def main():
    """Print each way of compiling with a digest of the weights that it leads to."""
    backend.configure(threads=1)
    data = images(96, 32, channels=3)
    x, y = backend.to_device(data.x_train), backend.to_device(data.y_train)
    # Convolutions in the first way, since they take long to compile in the others.
    for way, first in zip(backend.WAYS, (layers.Conv2D(8, 3), layers.Dense(8))):
        backend.compile_by(way)
        stack = [first, layers.Activation("softmax"), layers.Flatten()]
        stack += [layers.Dropout(0.5, seed=0), layers.Dense(4)]
        model = keras.Sequential([keras.Input((8, 8, 3)), *stack])
        initialise(model, 0)
        optimizer = keras.optimizers.SGD(0.1)
        optimizer.build(model.trainable_variables)
        list(backend.epoch_runner(model, optimizer, x, y)(np.split(np.arange(96), 4)))
        weights = flatten(model.trainable_variables).tobytes()
        print(way, hashlib.sha256(weights).hexdigest())


if __name__ == "__main__":
    main()
