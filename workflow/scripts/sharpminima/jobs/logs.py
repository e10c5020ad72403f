"""The log file of a job, which gets everything that its script prints.

An error that ends the job begins with one line that says what to do. It also goes to
the terminal, or to what Slurm keeps of it: the log may lie on the device that is full.
"""

import atexit
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sharpminima.storage import faults


def write_to(path):
    """Send all that this process prints to the file `path`.

    Tracebacks and the output of native libraries go there as well.
    """
    log = Path(path).open("w", buffering=1, encoding="utf-8")  # noqa: SIM115
    terminal = os.dup(2)
    atexit.register(_close, log)
    # Native libraries write to descriptor 2, past `sys.stderr`.
    os.dup2(log.fileno(), 2)
    sys.stdout = sys.stderr = log
    logging.basicConfig(
        stream=log, level=logging.INFO, format="%(asctime)s %(message)s", force=True
    )
    # Where there is no space for a log, there may be for results.
    logging.raiseExceptions = False

    def report(_, error, trace):
        line = f"{path}: {faults.line(error, path)}\n"
        os.write(terminal, line.encode())
        with suppress(OSError):
            log.write(line)
            traceback.print_exception(error, file=log)

    sys.excepthook = report
    with suppress(OSError):
        log.write(f"{faults.IF_KILLED}\n")


def _close(log):
    # Python would call the job a failure if what is left of its log had no space.
    with suppress(OSError):
        log.close()


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
