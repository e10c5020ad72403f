"""Options of readers are those of their functions."""

import subprocess
import sys

import pytest

from project import ROOT, default_config
from sharpminima.data.readers import registry


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        ("arrays", set()),
        ("cifar10", set()),
        ("cifar100", set()),
        ("festvox", {"context"}),
        ("idx", set()),
        ("kaldi", {"context", "max_dropped"}),
    ],
)
def test_a_reader_has_the_options_of_its_function(reader, expected):
    assert registry.options(reader) == expected


def test_the_catalogue_gives_each_reader_its_options():
    for dataset in default_config()["datasets"].values():
        assert set(dataset.get("options", {})) == registry.options(dataset["reader"])


def test_options_are_known_without_keras_and_without_the_libraries_of_speech():
    code = """
import sys
sys.modules |= dict.fromkeys(["debian", "kaldi_native_fbank", "keras"])
from sharpminima.data.readers import registry
assert registry.options("festvox") == {"context"}
"""
    scripts = ROOT / "workflow/scripts"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=scripts)
