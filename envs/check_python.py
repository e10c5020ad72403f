"""Say in one sentence why this Python or platform cannot be used, before pip fails.

This must run on any Python, so it has no syntax that Python 2 lacks.
"""

import platform
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
PLATFORMS = [("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64")]


def complaint(version, system, machine, libc):
    """Return why TensorFlow cannot be installed here, or None if it can.

    Args:
        version: Major and minor version of Python.
        system: The result of `platform.system()`.
        machine: The result of `platform.machine()`.
        libc: Name of the C library, from `platform.libc_ver()`.
    """
    if not OLDEST <= version <= NEWEST:
        return (
            "This needs Python 3.11, 3.12 or 3.13. Received: %d.%d. "
            "Try `make PYTHON=python3.11 ...`." % version
        )
    if (system, machine) not in PLATFORMS:
        return (
            "TensorFlow has no wheel for %s on %s. This needs Linux (x86_64, aarch64) "
            "or macOS (arm64)." % (system, machine)
        )
    if system == "Linux" and libc != "glibc":
        return "TensorFlow has no wheel for this C library. This needs glibc."
    return None


def complaint_about_venv():
    """Return why Python cannot make environments, or None if it can."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "Python's venv is missing. On Debian, run `apt install python3-venv`."
    return None


if __name__ == "__main__":
    sys.exit(
        complaint(
            sys.version_info[:2],
            platform.system(),
            platform.machine(),
            platform.libc_ver()[0],
        )
        or complaint_about_venv()
    )
