"""One log file per job: everything that a script prints, its traceback included."""

import logging
import os
import sys
from pathlib import Path


def write_to(path):
    """Send stdout and stderr of this process, native libraries included, to `path`."""
    log = Path(path).open("w", buffering=1, encoding="utf-8")  # noqa: SIM115
    os.dup2(log.fileno(), 2)
    sys.stdout = sys.stderr = log
    logging.basicConfig(
        stream=log, level=logging.INFO, format="%(asctime)s %(message)s", force=True
    )
