"""The versions of the packages that compute a result."""

import platform
from importlib.metadata import version

PACKAGES = ("keras", "numpy", "scipy", "h5py")


def installed(backend: dict[str, str]) -> str:
    """Return the versions of Python and of the packages, as one text for a row.

    Args:
        backend: Names and versions of the backend's own packages.
    """
    python = {"python": platform.python_version()}
    found = python | backend | {name: version(name) for name in PACKAGES}
    return ", ".join(f"{name} {number}" for name, number in found.items())
