"""The way of compiling that was chosen for a network: write the choice, and use it.

`training.trial` chooses. The choice is kept in a file for each network, together with
the device that it was made on.
"""

import logging
from pathlib import Path

import pandas as pd

from sharpminima import backend


def write(path: str | Path, way: str) -> None:
    """Write a choice and this process' device: the same file for the same choice.

    Args:
        path: The CSV file.
        way: One of `backend.WAYS`.
    """
    row = {"device": backend.describe()["device"], "way": way}
    pd.DataFrame([row]).to_csv(path, index=False)


def use(path: str | Path) -> None:
    """Compile as the file at `path` says, if its choice was made on this device.

    On another device, such as a cluster's node without a GPU, the backend's first way
    stays, and the log says so.
    """
    device, way = pd.read_csv(path).loc[0, ["device", "way"]]
    here = backend.describe()["device"]
    if device == here:
        backend.compile_by(way)
    else:
        logging.warning("The way of compiling was tried on %s, not %s.", device, here)
