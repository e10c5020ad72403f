"""How the steps of a network are compiled: tried once per network and device, and kept.

Which way is faster depends on the layers, the device and the versions of what compiles
(see `WAYS` of either backend): by factors, so that a short trial decides.
"""

import csv
import logging
from pathlib import Path

from sharpminima import backend, rows


def write(path: str | Path, seconds: dict[str, float]) -> None:
    """Write which way is the fastest, and on what: the same file for the same choice.

    Args:
        path: The CSV file.
        seconds: What `trial.seconds_of_each_way` returned.
    """
    backend.compile_by(min(seconds, key=seconds.get))
    described = backend.describe()
    rows.write(path, [{name: described[name] for name in ("device", "way")}])


def use(path: str | Path) -> None:
    """Compile as `write` wrote, if that was on the device of this process.

    On another one, such as a node of a cluster without its GPU, the backend's first way
    is taken, and the log says so.
    """
    with Path(path).open(newline="", encoding="utf-8") as file:
        tried = next(csv.DictReader(file))
    here = backend.describe()["device"]
    if tried["device"] == here:
        backend.compile_by(tried["way"])
    else:
        logging.warning(
            "The way of compiling was tried on %s, not %s.", tried["device"], here
        )
