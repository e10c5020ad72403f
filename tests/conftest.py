"""What all tests share: compiled programs of JAX, which are most of its tests' time."""

import os

from project import ROOT

CACHE = {
    "JAX_COMPILATION_CACHE_DIR": str(ROOT / ".pytest_cache/jax"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}
# JAX reads them when it is imported, here and in the processes that tests start.
os.environ.update(CACHE)
