"""The log file of a job, which gets everything that its script prints."""

import atexit
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_to(path):
    """Send all that this process prints to the file `path`.

    Tracebacks and the output of native libraries go there as well.
    """
    log = Path(path).open("w", buffering=1, encoding="utf-8")  # noqa: SIM115
    atexit.register(log.close)
    # Native libraries write to descriptor 2, past `sys.stderr`.
    os.dup2(log.fileno(), 2)
    sys.stdout = sys.stderr = log
    logging.basicConfig(
        stream=log, level=logging.INFO, format="%(asctime)s %(message)s", force=True
    )


@contextmanager
def native_output_muted() -> Iterator[None]:
    """Discard what native libraries write to stderr inside the `with` block.

    TensorFlow prints several lines on import, whatever its log level.
    """
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
