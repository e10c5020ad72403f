"""Say in one sentence why this Python or platform will not do, before pip tries.

Runs on any Python, however old: no syntax newer than Python 2's.
"""

import platform
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
PLATFORMS = [("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64")]


def complaint(version, system, machine, libc):
    """Return what is wrong, or None.

    Args:
        version: Major and minor version of Python.
        system: As `platform.system()` says it.
        machine: As `platform.machine()` says it.
        libc: Name of the C library, as `platform.libc_ver()` says it.
    """
    if not OLDEST <= version <= NEWEST:
        return (
            "Python 3.11, 3.12 or 3.13 is needed, this is %d.%d: "
            "try `make PYTHON=python3.11 ...`." % version
        )
    if (system, machine) not in PLATFORMS:
        return (
            "TensorFlow has no wheel for %s on %s: Linux (x86_64, aarch64) or macOS "
            "(arm64) is needed." % (system, machine)
        )
    if system == "Linux" and libc != "glibc":
        return (
            "TensorFlow has no wheel for this C library: a Linux with glibc is needed."
        )
    return None


def complaint_about_venv():
    """Return what is wrong where Python cannot make environments, or None."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "Python's venv is missing: on Debian, `apt install python3-venv`."
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
