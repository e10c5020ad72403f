"""What a fault is called, wherever its number hides, and what to do about it."""

import errno
import os
import re

import pytest

from project import ROOT
from sharpminima.storage import faults


def raised(error, cause):
    """Return `error` as if it had been raised while `cause` was handled."""
    error.__context__ = cause
    return error


@pytest.mark.parametrize("number", faults.ADVICE)
def test_each_fault_says_what_to_do(tmp_path, number):
    found = faults.of_device(OSError(number, "any"), tmp_path / "a.h5", 2_500_000)
    start = f"[Errno {number}] {tmp_path / 'a.h5'}: {os.strerror(number)}. "
    assert str(found).startswith(f"{start}It takes 2.50 MB or more. Device ")
    assert faults.ADVICE[number] in str(found)
    assert str(found).endswith(faults.AGAIN)


@pytest.mark.parametrize(
    "error",
    [
        OSError("Can't write data (file write failed: errno = 28, error message = ..."),
        RuntimeError("Can't decrement id ref count (write failed: errno = 28, error"),
        raised(ValueError("cannot close"), OSError(errno.ENOSPC, "full")),
    ],
)
def test_a_number_is_found_where_libraries_hide_it(tmp_path, error):
    assert faults.of_device(error, tmp_path / "a.h5").errno == errno.ENOSPC


@pytest.mark.parametrize(
    "error", [ValueError("any"), FileNotFoundError(errno.ENOENT, "any"), KeyError(28)]
)
def test_other_errors_are_no_faults_of_a_device(tmp_path, error):
    assert faults.of_device(error, tmp_path / "a.h5") is None
    assert faults.line(error, "job.log") == f"{type(error).__name__}: {error}"


def test_the_file_is_named_that_met_the_fault(tmp_path):
    other = PermissionError(errno.EACCES, "any", "/elsewhere/raw.gz")
    found = faults.of_device(other, tmp_path / "a.h5")
    assert str(found).startswith("[Errno 13] /elsewhere/raw.gz: Permission denied.")
    own = PermissionError(errno.EACCES, "any", str(tmp_path / ".7.a.h5"))
    found = faults.of_device(own, tmp_path / "a.h5")
    assert str(found).startswith(f"[Errno 13] {tmp_path / 'a.h5'}: Permission denied.")


def test_a_fault_is_explained_once(tmp_path):
    found = faults.of_device(OSError(errno.EIO, "any"), tmp_path / "a.h5")
    assert faults.of_device(found, tmp_path / "b.h5") is None
    assert faults.line(found, "job.log") == f"DeviceError: {found}"


class ResourceExhaustedError(Exception):
    """Stands for TensorFlow's."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ResourceExhaustedError("OOM when allocating tensor"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes"),
        raised(ValueError("a reader could not read"), MemoryError("8.00 GiB")),
    ],
)
def test_a_lack_of_memory_says_what_to_lower(error):
    text = faults.line(error, "job.log")
    assert "or lower `evaluation.batch_size`" in text
    assert text.endswith(faults.AGAIN)


def test_what_to_lower_is_said_once():
    error = MemoryError("Lower the batch of regime LB.")
    error.__cause__ = MemoryError()
    assert faults.line(error, "job.log") == f"MemoryError: {error}"


TABLE = (ROOT / "workflow/docs/faults.md").read_text(encoding="utf-8")
TESTED = re.findall(r"\| `([\w/]+\.py)::(test_\w+)` \|$", TABLE, re.MULTILINE)


def test_every_fault_in_the_docs_is_tested():
    rows = re.findall(r"^\| (?!fault|---)", TABLE, re.MULTILINE)
    assert len(rows) == len(TESTED) > 10
    for file, test in TESTED:
        assert f"\ndef {test}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("number", faults.ADVICE)
def test_every_fault_with_advice_is_in_the_docs(number):
    assert os.strerror(number) in TABLE
