"""What all tests share: what JAX compiled, and which tests stay together."""

import os
import re

import pytest

from project import ROOT

CACHE = {
    "JAX_COMPILATION_CACHE_DIR": str(ROOT / ".pytest_cache/jax"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}
# JAX reads them when it is imported, here and in the processes that tests start.
# Compiling is most of its tests' time.
os.environ.update(CACHE)

# The fixtures of these modules take longer than their tests: one worker makes them once
# (for each backend). All other tests go to whichever worker is free.
TOGETHER = {
    *("test_trained_network", "test_optimizer", "test_backend", "test_festvox"),
    *("test_experiments", "test_own_networks", "test_reruns", "test_tiny_study"),
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.stem in TOGETHER:
            backend = re.search(r"\[(tensorflow|jax)", item.nodeid)
            group = f"{item.path.stem} {backend[1] if backend else ''}"
            item.add_marker(pytest.mark.xdist_group(group))
