"""Models that Keras saved whole, `.keras` or `.h5`, loaded without running their code.

Keras never sees the file of a stranger. It loads a copy whose config is safe and plain
(see `safe_configs`), with the weights alone: no optimizer, no loss, no other files.
"""

import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import h5py
import numpy as np

from sharpminima.backend import keras
from sharpminima.networks import own, safe_configs, signatures
from sharpminima.storage import hdf5, zips
from sharpminima.storage.errors import Refused, one_line

CONFIG, WEIGHTS = "config.json", "model.weights.h5"  # members of a .keras file
# Limits of what a file unfolds to: bytes of a config, those of weights that any machine
# has room for, and how many times as large as its file an honest model may be.
LONGEST_CONFIG = 1 << 26
SMALL, UNFOLDED = 1 << 26, 100


@dataclass(frozen=True)
class Saved:
    """A model from a file.

    Attributes:
        model: The Keras model, with its weights.
        softmax: Name of the layer whose softmax was taken off; empty if none was.
    """

    model: keras.Model
    softmax: str


def load(path: str | Path, *, logits: bool = True) -> Saved:
    """Return the model in the file at `path`, in full precision and not compiled.

    Args:
        path: A `.keras` file, or a whole model in an `.h5` file.
        logits: Whether to take a final softmax off.

    Raises:
        FileNotFoundError: If there is no such file.
        Refused: If the file is damaged or harmful, is no whole model, or holds a model
            that cannot be measured; the message says what it holds.
    """
    path = Path(path)
    of_kind = _keras_zip if path.suffix == ".keras" else _hdf5
    with tempfile.TemporaryDirectory() as folder:
        softmax, clean = of_kind(path, Path(folder), logits)
        try:
            model = keras.models.load_model(clean, compile=False, safe_mode=True)
        except Exception as error:  # of any type: what is wrong may be anything
            raise Refused(
                f"{path}: expected a model that Keras {keras.__version__} can load. "
                f"Received: {one_line(error)}"
            ) from error
    return Saved(model, softmax)


def build(network: dict, *, input_shape, classes):
    """Return the model of a `networks` entry whose builder is a saved model.

    Args:
        network: `file`, the path of the saved model.
        input_shape: Shape of one example.
        classes: Number of logits.

    Raises:
        Refused: If the file cannot be loaded, or the model has not one input and one
            output of these shapes.
        ValueError: If the model cannot be measured (see `own.check`).
    """
    model = load(network["file"]).model
    _check_ends(model, network["file"], input_shape, classes)
    own.check(model, where=network["file"], input_shape=input_shape, classes=classes)
    return model


def restore(path: str | Path, model, *, whole: bool) -> Saved | None:
    """Load the weights in the file at `path` into `model`.

    Args:
        path: A file of a whole model or of weights.
        model: The network.
        whole: Whether to load the file's own model. Else its weights alone are read,
            and its architecture, which may hold code, is not.

    Returns:
        The file's own model, as it answers without changes, and the layer whose softmax
        is taken off; None if its weights alone were read.

    Raises:
        FileNotFoundError: If there is no such file.
        Refused: If the file is damaged or harmful, or does not fit the network.
    """
    path = Path(path)
    if whole and signatures.is_saved_model(path.name):
        saved = load(path)
        _set_weights(model, saved.model.get_weights(), path)
        return Saved(load(path, logits=False).model, saved.softmax)
    with _weights(path) as weights:
        try:
            model.load_weights(weights)
        except Exception as error:
            raise Refused(
                f"{path}: expected the weights of the network's model. "
                f"Received: {one_line(error)}"
            ) from error
    return None


def _keras_zip(path, folder, logits):
    """Write a clean copy of a .keras file; return its softmax and its path."""
    config = io.BytesIO()
    zips.copy(path, CONFIG, config, LONGEST_CONFIG)
    plain, softmax = _plain(path, config.getvalue(), logits)
    clean = folder / "clean.keras"
    with _weights(path) as weights, ZipFile(clean, "w") as archive:
        archive.writestr(CONFIG, plain)
        archive.write(weights, WEIGHTS)
    return softmax, clean


def _hdf5(path, folder, logits):
    """Write a clean copy of an .h5 file; return its softmax and its path."""
    with _checked_hdf5(path, _limit(path)):
        pass
    clean = folder / "clean.h5"
    shutil.copyfile(path, clean)
    with h5py.File(clean, "a") as file:
        if "model_config" not in file.attrs:
            raise Refused(
                f"{path}: expected a whole model. Received: weights without their "
                "model. Name the network that they belong to, with a `builder:`"
            )
        plain, softmax = _plain(path, file.attrs["model_config"], logits)
        # It names the loss, which may be the user's own.
        file.attrs.pop("training_config", None)
        file.attrs["model_config"] = plain
    return softmax, clean


def _plain(path, text, logits):
    """Return a safe and plain config as text, and the softmax that was taken off."""
    try:
        config = json.loads(text)
        if not (isinstance(config, dict) and config.get("class_name")):
            raise ValueError(f"a config that begins with {one_line(text[:40])}")
        config = safe_configs.checked(config, path)
        if config["class_name"] not in safe_configs.MODELS:
            raise ValueError(f"a saved {one_line(config['class_name'])}")
        plain, softmax = safe_configs.without_softmax(config, path)
        return json.dumps(plain if logits else config), softmax
    except Refused:
        raise
    # A damaged config lacks what a sound one has, or has another type there.
    except Exception as error:
        raise Refused(
            f"{path}: expected the config of a Sequential or functional model. "
            f"Received: {type(error).__name__}, {one_line(error)}"
        ) from error


@contextmanager
def _weights(path) -> Iterator[Path]:
    """Yield a file of weights that Keras may read."""
    if path.suffix != ".keras":
        with _checked_hdf5(path, _limit(path)):
            yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / WEIGHTS
        with weights.open("wb") as target:
            zips.copy(path, WEIGHTS, target, _limit(path))
        try:
            with _checked_hdf5(weights, _limit(path)):
                pass
        except Refused as error:
            # Name the file that the user knows.
            raise Refused(str(error).replace(str(weights), str(path))) from error
        yield weights


@contextmanager
def _checked_hdf5(path, limit):
    with hdf5.reading(path, limit):
        hdf5.check_attributes(path)
        yield


def _limit(path):
    return max(SMALL, UNFOLDED * path.stat().st_size)


def _set_weights(model, values, path):
    """Set the weights of a model to those of a file with the same layers."""
    both = model.get_weights(), values
    ours, theirs = ([np.shape(value) for value in each] for each in both)
    if ours != theirs:
        raise Refused(
            f"{path}: expected the weights of the network's model, of shapes "
            f"{one_line(ours)}. Received: {one_line(theirs)}"
        )
    model.set_weights(values)


def _check_ends(model, path, input_shape, classes):
    """Refuse a model whose inputs or outputs do not fit the dataset."""
    inputs, outputs = (
        [tuple(t.shape) for t in ts] for ts in (model.inputs, model.outputs)
    )
    for what, found, expected in (
        ("input", inputs, tuple(input_shape)),
        ("output", outputs, (classes,)),
    ):
        if found != [(None, *expected)]:
            shapes = ", ".join(str(shape[1:]) for shape in found)
            raise Refused(
                f"{path}: expected one {what} of shape {expected}, as the dataset has "
                f"{'examples' if what == 'input' else 'classes'}. Received: {shapes}"
            )
