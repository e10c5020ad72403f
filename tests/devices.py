"""Small devices that fill up, for tests of what happens then."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def device(folder: Path, options: str) -> Iterator[Path]:
    """Yield `folder` as a device of its own (tmpfs); skip where one may not mount.

    Args:
        folder: Where to mount it.
        options: Such as `size=1m` or `nr_inodes=20`.
    """
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        assert not os.environ.get("CI"), "These tests must run in CI: it must mount."
        pytest.skip("Only root can mount a device.")
    try:
        yield folder
    finally:
        # Lazily: whatever still has a file open must not keep the device.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    """Change a mounted device, such as its size, or to `ro`."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)
