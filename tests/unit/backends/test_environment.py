"""What the user's environment would alter is removed, and the rest stays."""

import os
import subprocess
import sys

import pytest

from project import require_jax
from sharpminima.backends import environment

NAMES = (
    *("XLA_FLAGS", "TF_XLA_FLAGS", "TF_ENABLE_ONEDNN_OPTS", "NVIDIA_TF32_OVERRIDE"),
    *("ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE"),
    *("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"),
    *("JAX_DISABLE_JIT", "JAX_DISABLE_MOST_OPTIMIZATIONS", "JAX_SOFTMAX_CUSTOM_JVP"),
    *("JAX_THREEFRY_PARTITIONABLE", "JAX_DEFAULT_PRNG_IMPL"),
    *("JAX_DEBUG_NANS", "JAX_DEBUG_INFS"),
    *("JAX_OPTIMIZATION_LEVEL", "JAX_EXEC_TIME_OPTIMIZATION_EFFORT"),
    *("JAX_MEMORY_FITTING_LEVEL", "JAX_MEMORY_FITTING_EFFORT"),
)


@pytest.mark.parametrize(
    ("given", "kept", "removed"),
    [
        ("--xla_cpu_enable_fast_math=true", None, "--xla_cpu_enable_fast_math=true"),
        ("--xla_dump_to=/tmp/x", "--xla_dump_to=/tmp/x", None),
        ("--a=1 --xla_gpu_cuda_data_dir=/c", "--xla_gpu_cuda_data_dir=/c", "--a=1"),
        ("/a/file/of/flags", None, "/a/file/of/flags"),
        ("", None, None),
    ],
)
def test_only_flags_that_say_where_files_are_stay(monkeypatch, given, kept, removed):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XLA_FLAGS", given)
    expected = {"XLA_FLAGS": removed} if removed else {}
    assert environment.remove_altering() == expected
    assert os.environ.get("XLA_FLAGS") == kept


@pytest.mark.parametrize("name", NAMES)
def test_each_variable_is_removed(monkeypatch, name):
    for other in NAMES:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, "1")
    monkeypatch.setenv("UNRELATED", "1")
    assert environment.remove_altering() == {name: "1"}
    assert name not in os.environ
    assert os.environ["UNRELATED"] == "1"


def test_the_installed_jax_reads_each_variable_of_its_own():
    require_jax()
    done = subprocess.run(
        [sys.executable, "-c", "import jax; print(*jax.config.values)"],
        check=True,
        capture_output=True,
        text=True,
    )
    own = {name.lower() for name in NAMES if name.startswith("JAX_")}
    assert own <= set(done.stdout.split())
