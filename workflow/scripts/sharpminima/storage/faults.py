"""Faults of the machine that a job meets, and what to do about them.

No space, no memory, damaged files: one line that names the file and the way out. No
number depends on this module, so another wording reruns nothing.
"""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

AGAIN = "Then run the same command again: finished jobs are kept."
# What to do about each fault of a device, and of the system that writes to it.
ADVICE = {
    errno.ENOSPC: "Free space or inodes there.",
    errno.EDQUOT: "Delete files of yours there, or ask for a larger quota.",
    errno.EROFS: "Mount it for writing, or let `results` be elsewhere.",
    errno.EACCES: "Give yourself the rights to it.",
    errno.EPERM: "Give yourself the rights to it.",
    errno.EMFILE: "Raise the limit (ulimit -n), or run fewer jobs side by side.",
    errno.ENFILE: "Close other programs, or run fewer jobs side by side.",
    errno.EIO: "Look into the system's log (dmesg): the device may be failing.",
}
LESS_MEMORY = (
    "Run fewer jobs side by side (--cores 1), or lower `evaluation.batch_size`, the "
    "batch of the regime or the examples in `subset`."
)
# The first line of every log: a killed process says nothing.
IF_KILLED = (
    "If this job failed and no error stands below, it was killed, most likely for lack "
    f"of memory. {LESS_MEMORY} {AGAIN}"
)
# HDF5 hides the number of an error in its text.
NUMBER = re.compile(r"errno = (\d+)")


class DamagedError(ValueError):
    """A file that is not, to the byte, what a job wrote.

    Args:
        path: The file.
        received: What it has in place of its digest.
    """

    def __init__(self, path: str | Path, received: str):
        super().__init__(
            f"{path}: expected a whole file with a digest of its content. "
            f"Received: {received}. It is damaged, cut off, or of an older version. "
            f"Delete it and run the same command again: {path}"
        )


class DeviceError(OSError):
    """A fault of a device, with what to do about it."""


def of_device(
    error: BaseException, path: str | Path, written: int = 0
) -> DeviceError | None:
    """Return an error that says what to do where writing `path` met a fault, or None.

    Args:
        error: What was raised, by HDF5 or another library.
        path: The file that was written.
        written: How many bytes it had by then.
    """
    for cause in _causes(error):
        number = _number(cause)
        if isinstance(cause, DeviceError):
            return None
        if number in ADVICE:
            named = getattr(cause, "filename", None)
            # The temporary name ends like the file's own.
            path = path if str(named or path).endswith(Path(path).name) else named
            return DeviceError(number, _advice(number, Path(path), written))
    return None


def line(error: BaseException, log: str | Path) -> str:
    """Return what the user reads first of the error that ended a job.

    Args:
        error: What was raised.
        log: The job's log, which it may not have been able to write.
    """
    error = of_device(error, log) or error
    text = f"{type(error).__name__}: {error}"
    # With a cause it is that of `backend.enough_memory`, which says what to lower.
    advised = isinstance(error, MemoryError) and error.__cause__
    if advised or not any(map(_is_of_memory, _causes(error))):
        return text
    return f"{text.rstrip('.: ')}. {LESS_MEMORY} {AGAIN}"


def _causes(error) -> Iterator[BaseException]:
    """Yield `error`, what it came from, and so on."""
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _is_of_memory(error):
    """Tell whether Python, the system, TensorFlow or JAX had no memory left."""
    return (
        isinstance(error, MemoryError)
        or getattr(error, "errno", None) == errno.ENOMEM
        or "ResourceExhausted" in type(error).__name__
        or "RESOURCE_EXHAUSTED" in str(error)
    )


def _number(error):
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = NUMBER.search(str(error))
    return int(found[1]) if found else None


def _advice(number, path, written):
    """Return the fault, where it is, how much is free there, and what to do."""
    return (
        f"{path}: {os.strerror(number)}. It takes {written / 1e6:.2f} MB or more. "
        f"{_free(path)}{ADVICE[number]} {AGAIN}"
    )


def _free(path):
    """Return what is free on the device of `path`; nothing if it does not answer."""
    try:
        folder = next(above for above in path.absolute().parents if above.is_dir())
        device = next(p for p in (folder, *folder.parents) if p.is_mount())
        megabytes = shutil.disk_usage(folder).free / 1e6
        inodes = os.statvfs(folder).f_favail
    except OSError:
        return ""
    return f"Device {device} has {megabytes:.2f} MB and {inodes} inodes free. "
