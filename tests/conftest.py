"""What all tests share: compiled programs of JAX, cores, and the order of the files."""

import os

from project import ROOT

CACHE = {
    "JAX_COMPILATION_CACHE_DIR": str(ROOT / ".pytest_cache/jax"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}
# Two workers share two cores, so each keeps to one, as a job of a study does.
ONE_CORE = dict.fromkeys(
    (
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
        *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "PJRT_NPROC"),
    ),
    "1",
)
# Libraries read them when they are imported, here and in processes that tests start.
os.environ.update(CACHE | ONE_CORE)

# The files that take longest, longest first: workers share out whole files, and one
# that began with the last of these would keep the others waiting.
LONGEST = (
    *("test_tiny_study", "test_slurm", "test_experiments", "test_reruns"),
    *("test_elsewhere", "test_trained_network", "test_clones", "test_progress"),
    *("test_backend", "test_dag", "test_own_networks", "test_studies", "test_fit"),
    *("test_remedied_runs", "test_festvox", "test_preview"),
)


def pytest_collection_modifyitems(items):
    """Put the tests of the longest files first."""
    rank = {name: position for position, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))
