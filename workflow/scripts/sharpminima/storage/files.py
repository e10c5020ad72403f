"""Writing files whole: an output appears under its name only when it is complete."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sharpminima.storage import faults, locks


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success.

    The temporary name ends like `path`, since some writers, such as Keras, check the
    suffix. On an error the temporary file is removed and `path` stays as it was. A name
    appears once the content is on the device, so a power cut leaves no half of it.

    Raises:
        DeviceError: If the device has no space left, or another fault that
            `faults.ADVICE` names; it says what to do, whatever the writer raised.
        locks.RunOverError: If the run that began this job is over.
    """
    path = Path(path)
    # In the same folder, since a rename between file systems is no single step. The
    # process in the name keeps two that write the same file apart.
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Before it as well: what lies there may be of the run that has followed.
        locks.check()
        _remove_remains(path)
        yield temporary
        _sync(temporary)
        locks.check()
        temporary.replace(path)
        _sync(path.parent)
    except Exception as error:
        written = 0
        with suppress(OSError):
            written = temporary.stat().st_size
        if fault := faults.of_device(error, path, written):
            raise fault from error
        raise
    finally:
        # What met the fault counts, not that the rest of it cannot be removed.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _remove_remains(path):
    """Remove what killed processes left of `path`; it would fill the device."""
    remains = re.compile(rf"\.\d+\.{re.escape(path.name)}")
    for other in path.parent.iterdir():
        if remains.fullmatch(other.name):
            other.unlink(missing_ok=True)


def _sync(path):
    """Wait until a file, or the names in a folder, are on the device."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
