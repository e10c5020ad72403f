"""What the user's environment would alter is removed, and the rest stays."""

import os

import pytest

from sharpminima.backends import environment


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
    for name in environment.ALTERING:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XLA_FLAGS", given)
    expected = {"XLA_FLAGS": removed} if removed else {}
    assert environment.without_altering() == expected
    assert os.environ.get("XLA_FLAGS") == kept


@pytest.mark.parametrize("name", environment.ALTERING)
def test_each_variable_is_removed(monkeypatch, name):
    for other in environment.ALTERING:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, "1")
    monkeypatch.setenv("UNRELATED", "1")
    assert environment.without_altering() == {name: "1"}
    assert name not in os.environ
    assert os.environ["UNRELATED"] == "1"
