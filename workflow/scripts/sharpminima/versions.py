"""What produced a result: the versions of the packages that compute."""

import platform
from importlib.metadata import version

PACKAGES = ("numpy", "scipy", "h5py")


def installed() -> dict[str, str]:
    """Return the version of Python and of each package that no backend names."""
    return {"python": platform.python_version()} | {p: version(p) for p in PACKAGES}
