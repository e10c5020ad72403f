"""Iterates kept during training: one HDF5 file a run, written as training goes.

Source: Keskar et al. 2017 (arXiv:1609.04836), section 3. Runs with a large batch start
from iterates of a run with a small batch (Figure 5), and the sharpness of iterates is
measured (Figure 6). An iterate is a `Point`: parameters and moving averages, without
the state of dropout. Where curvature is compared with what the optimizer bears, the
optimizer's state is kept beside the point.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from itertools import chain
from pathlib import Path

import h5py
import numpy as np

from sharpminima.jobs.unfinished import Store
from sharpminima.networks.parameters import Point, averages_of, point_of
from sharpminima.storage import digests

# What optimizers keep for each parameter, as Keras names it.
SLOTS = ("momentum", "velocity", "accumulator")


def keeping(
    path: str | Path,
    model,
    epochs: Iterable[int],
    history: Iterable[Mapping],
    kept: MutableMapping | Store | None = None,
    optimizer=None,
) -> Iterator[Mapping]:
    """Yield the rows of `history` as training goes; keep iterates in the file `path`.

    The file is written when training has ended. A run that diverged misses the last
    epochs: their iterates are NaN.

    Args:
        path: The HDF5 file. For each epoch it holds `parameters`, shape `(n,)`, in
            Keras' order, and `averages`, one after another, in float32. With an
            optimizer it holds `learning_rate`, `iterations`, and a vector of shape
            `(n,)` for each of the optimizer's `SLOTS`.
        model: The network that trains, at its starting point.
        epochs: An iterate is kept after each of them; 0 is the starting point.
        history: What `training.fit` yields.
        kept: Where iterates are until then, and where those of a run that goes on are
            found; by default, in memory.
        optimizer: Keras' optimizer of the run, if its states are to be kept.
    """
    kept, start = {} if kept is None else kept, {"epoch": 0}
    # `history` trains the model, so x0 must be kept before its first row is taken.
    for row in chain([start], history):
        epoch = row["epoch"]
        if epoch in epochs and not kept.get(_name(epoch)):
            kept[_name(epoch)] = _values(model, optimizer)
        if row is not start:
            yield row
    with digests.writing(path) as temporary, h5py.File(temporary, "w") as file:
        for epoch in epochs:
            iterate = kept.get(_name(epoch)) or {}
            for name, values in _values(model, optimizer).items():
                # Training may have ended before this epoch. Without a fill value, since
                # `hdf5` refuses what is not stored.
                missing = np.full_like(values, np.nan)
                file[f"{epoch}/{name}"] = iterate.get(name, missing)


def are_kept(kept: Store, epochs: Iterable[int], until: int) -> bool:
    """Tell whether `kept` has the iterates of all `epochs` up to the epoch `until`."""
    return all(kept.get(_name(epoch)) for epoch in epochs if epoch <= until)


def _name(epoch):
    return f"iterate{epoch}"


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


def optimizer_state(path: str | Path, epoch: int) -> dict:
    """Return the optimizer's state after `epoch`, which `keeping` kept.

    Returns:
        `learning_rate` of the next update, `iterations` (updates so far), and the
        vectors of the optimizer's `SLOTS`, shape `(n,)`, all in float64.
    """
    with digests.reading(path) as file:
        found = file[str(epoch)]
        names = ("learning_rate", "iterations", *SLOTS)
        return {n: np.float64(found[n][()]) for n in names if n in found}


def _values(model, optimizer):
    """Return the arrays of the iterate where model and optimizer are now, by name."""
    found = {name: _joined(variables) for name, variables in _parts(model).items()}
    if optimizer is None:
        return found
    # The optimizer may follow a schedule: this is the rate of its next update.
    for name in ("learning_rate", "iterations"):
        found[name] = np.float64(getattr(optimizer, name))
    for slot in SLOTS:
        of_slot = [v for v in optimizer.variables if v.path.endswith(f"_{slot}")]
        if of_slot:
            found[slot] = _joined(of_slot)
    return found


def _parts(model):
    """Return the variables of an iterate by the name of their dataset."""
    return {"parameters": model.trainable_variables, "averages": averages_of(model)}


def _joined(variables):
    # The empty vector is for networks without averages: nothing cannot be joined.
    values = [v.numpy().ravel() for v in variables]
    return np.concatenate([np.empty(0, np.float32), *values])
