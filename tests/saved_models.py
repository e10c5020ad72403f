"""Models as a user makes them in plain Keras, outside the project, and saves them."""

import json
import shutil
from zipfile import ZipFile

import h5py
import keras
import numpy as np

SHAPE, CLASSES = (6, 6, 1), 4


def data(examples, seed=0):
    """Return inputs of four classes, as patterns with noise, and their labels."""
    rng = np.random.default_rng(seed)
    patterns = np.random.default_rng(7).random((CLASSES, *SHAPE))
    labels = np.arange(examples) % CLASSES
    noise = rng.normal(scale=0.2, size=(examples, *SHAPE))
    return (patterns[labels] + noise).astype(np.float32), labels


def convolutional(last="softmax", **settings):
    """Return a small convolutional net with batch normalisation and dropout."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(3, 3, **settings),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dropout(0.3, seed=1),
            layers.Dense(CLASSES, activation=last, name="top"),
        ]
    )


def trained(model, epochs=3):
    """Train a model as users do; return it."""
    keras.utils.set_random_seed(3)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(*data(64), batch_size=16, epochs=epochs, verbose=0)
    return model


def randomised(model):
    """Give every weight of a model another value, so that none is a default."""
    rng = np.random.default_rng(5)
    model.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in model.get_weights()])
    return model


def edited(path, edit, *, to):
    """Write a .keras or .h5 file to `to`, with the config that `edit` returns."""
    if path.suffix == ".h5":
        shutil.copy(path, to)
        with h5py.File(to, "a") as file:
            config = edit(json.loads(file.attrs["model_config"]))
            file.attrs["model_config"] = json.dumps(config)
        return to
    with ZipFile(path) as before, ZipFile(to, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "config.json":
                content = json.dumps(edit(json.loads(content)))
            after.writestr(name, content)
    return to
