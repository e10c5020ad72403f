"""Iterates kept during training: one HDF5 file a run, written as training goes.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 3. Runs with a large batch start
from iterates of a run with a small batch (Figure 5), and the sharpness of iterates is
measured (Figure 6). An iterate is a `Point`: parameters and moving averages, without
the states of optimizer and dropout.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

import h5py
import numpy as np

from sharpminima import digests
from sharpminima.networks.parameters import Point, averages_of, point_of


def keeping(
    path: str | Path, model, epochs: Iterable[int], history: Iterable[Mapping]
) -> Iterator[Mapping]:
    """Yield the rows of `history` as training goes; keep iterates in the file `path`.

    The file appears when training has ended. A run that diverged misses the last
    epochs: their iterates are NaN.

    Args:
        path: The HDF5 file. For each epoch it holds `parameters`, shape `(n,)`, in
            Keras' order, and `averages`, one after another, in float32.
        model: The network that trains, at its starting point.
        epochs: An iterate is kept after each of them; 0 is the starting point.
        history: What `training.fit` yields.
    """
    missing, start = set(epochs), {"epoch": 0}
    with digests.sealing(path) as temporary, h5py.File(temporary, "w") as file:
        # `history` trains the model, so x0 must be kept before its first row is taken.
        for row in chain([start], history):
            epoch = row["epoch"]
            if epoch in missing:
                missing.remove(epoch)
                for name, variables in _parts(model).items():
                    file[f"{epoch}/{name}"] = _joined(variables)
            if row is not start:
                yield row
        # Training ended before these epochs: their iterates are NaN.
        for epoch in missing:
            for name, variables in _parts(model).items():
                # No fill value: `hdf5` refuses what is not stored.
                file[f"{epoch}/{name}"] = np.full_like(_joined(variables), np.nan)


def epochs(path: str | Path) -> list[int]:
    """Return the epochs whose iterates the file at `path` holds, in order."""
    with digests.reading(path) as file:
        return sorted(map(int, file))


def restore(path: str | Path, epoch: int, model) -> Point:
    """Load the iterate of `epoch` into `model`; return the point where it is then.

    Args:
        path: The file that `keeping` wrote.
        epoch: One of `epochs(path)`.
        model: The same network. Its other state, such as dropout's seed, stays.
    """
    with digests.reading(path) as file:
        for name, variables in _parts(model).items():
            # Cut the stored vector at the end of each variable.
            ends = np.cumsum([np.prod(v.shape, dtype=int) for v in variables])
            values = np.split(file[f"{epoch}/{name}"][()], ends)
            for variable, value in zip(variables, values):
                variable.assign(value.reshape(variable.shape))
    return point_of(model)


def _parts(model):
    """Return the variables of an iterate by the name of their dataset."""
    return {"parameters": model.trainable_variables, "averages": averages_of(model)}


def _joined(variables):
    # The empty vector is for networks without averages: nothing cannot be joined.
    values = [v.numpy().ravel() for v in variables]
    return np.concatenate([np.empty(0, np.float32), *values])
