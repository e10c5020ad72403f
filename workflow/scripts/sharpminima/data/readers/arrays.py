"""Datasets that come as arrays: one NPZ or HDF5 file with the four arrays by name.

Inputs have any shape, `(N, ...)`, channels last. Unsigned bytes are scaled to [0, 1],
like images. Floating-point inputs stay as they are.
"""

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import h5py
import numpy as np

from sharpminima.data.datasets import ARRAYS


def read(paths: Mapping[str, Path]) -> tuple[dict[str, np.ndarray], dict[str, Path]]:
    """Return the four arrays of a dataset, and the file of each.

    Args:
        paths: File name -> path of one file, `.npz` or `.h5`.

    Returns:
        Inputs `(N, ...)` in float32 and labels `(N,)` in int32; the file of each.

    Raises:
        ValueError: If the file is damaged, lacks an array, holds pickled objects, or if
            inputs or labels are not numbers of the right kind; the message names the
            file and the array.
    """
    (path,) = paths.values()
    try:
        if path.suffix == ".npz":
            # Never load a pickle: it can run any code.
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                found = {name: file[name] for name in ARRAYS}
        else:
            with h5py.File(path) as file:
                found = {name: file[name][()] for name in ARRAYS}
    except KeyError as error:
        raise ValueError(
            f"{path}: expected arrays {', '.join(ARRAYS)}. Received: {error}"
        ) from error
    except (ValueError, TypeError, OSError, EOFError, BadZipFile) as error:
        npz = path.suffix == ".npz"
        form = "an NPZ file of plain arrays" if npz else "a complete HDF5 file"
        raise ValueError(f"{path}: expected {form}. Received: {error}") from error

    for name, array in found.items():
        if name.startswith("y"):
            if array.dtype.kind not in "ui":
                raise ValueError(
                    f"{path}: expected {name} to hold whole numbers. "
                    f"Received: {array.dtype}"
                )
            found[name] = array.astype(np.int32)
        # Appendix A: images are scaled to [0, 1] and not processed further.
        elif array.dtype == np.uint8:
            found[name] = array.astype(np.float32) / np.float32(255)
        elif array.dtype.kind == "f":
            found[name] = array.astype(np.float32)
        else:
            raise ValueError(
                f"{path}: expected {name} to hold unsigned bytes or floating-point "
                f"numbers. Received: {array.dtype}"
            )
    return found, dict.fromkeys(ARRAYS, path)
