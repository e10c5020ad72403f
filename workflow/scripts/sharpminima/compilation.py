"""The way of compiling that was chosen for a network: write the choice, and use it.

`training.trial` chooses. The choice is kept in a file for each network, together with
the device that it was made on.
"""

import csv
import logging
from pathlib import Path

from sharpminima import backend
from sharpminima.storage import rows


def write(path: str | Path, compiled_for: str, way: str) -> None:
    """Write a choice and this process' device: the same file for the same choice.

    Args:
        path: The CSV file.
        compiled_for: A digest of what the choice is made for, as `Study.compiled_for`
            returns it.
        way: One of `backend.WAYS`.
    """
    device = backend.describe()["device"]
    row = {"device": device, "way": way, "compiled_for": compiled_for}
    rows.write(path, [row])


def use(path: str | Path) -> None:
    """Compile as the file at `path` says, if its choice was made on this device.

    On another device, such as a cluster's node without a GPU, the backend's first way
    stays, and the log says so.
    """
    tried = next(csv.DictReader(rows.read(path)))
    # Which way is faster depends on the device.
    here = backend.describe()["device"]
    if tried["device"] == here:
        backend.compile_by(tried["way"])
    else:
        logging.warning(
            "The way of compiling was tried on %s, not %s. "
            "Delete %s to try again here.",
            *(tried["device"], here, path),
        )
