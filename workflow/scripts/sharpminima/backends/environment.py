"""The user's environment variables that may alter results, and their removal.

The libraries read them on import or when they first compute. A result must not
depend on them, since no row and no file would say so.
"""

import os

ALTERING = (
    # Measured on a CPU: each changes weights or losses on one of the backends.
    "XLA_FLAGS",
    "TF_XLA_FLAGS",
    "TF_ENABLE_ONEDNN_OPTS",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "DNNL_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "JAX_DISABLE_JIT",
    "JAX_DISABLE_MOST_OPTIMIZATIONS",
    "JAX_SOFTMAX_CUSTOM_JVP",
    "JAX_THREEFRY_PARTITIONABLE",
    # Keras' keys do not fit other generators: dropout would end in a TypeError.
    "JAX_DEFAULT_PRNG_IMPL",
    # A run that diverges would end in an error in place of a row that says so.
    "JAX_DEBUG_NANS",
    "JAX_DEBUG_INFS",
    # They choose XLA's passes. On a CPU they changed nothing; on a GPU they may.
    "JAX_OPTIMIZATION_LEVEL",
    "JAX_EXEC_TIME_OPTIMIZATION_EFFORT",
    "JAX_MEMORY_FITTING_LEVEL",
    "JAX_MEMORY_FITTING_EFFORT",
    # On a GPU it overrides what the program asks for.
    "NVIDIA_TF32_OVERRIDE",
)
# Flags of XLA that only say where files are.
HARMLESS = ("--xla_gpu_cuda_data_dir=", "--xla_dump_to=")


def remove_altering() -> dict[str, str]:
    """Remove what may alter results from this process' environment; return it.

    Harmless flags stay in XLA_FLAGS.
    """
    given = {name: os.environ.pop(name) for name in ALTERING if name in os.environ}
    removed = {}
    for name, value in given.items():
        kept = [flag for flag in value.split() if flag.startswith(HARMLESS)]
        if kept:
            os.environ[name] = " ".join(kept)
        if dropped := [flag for flag in value.split() if flag not in kept]:
            removed[name] = " ".join(dropped)
    return removed
