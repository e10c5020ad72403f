"""A job's log and its terminal say first what went wrong, also where it was killed."""

import os
import subprocess
import sys

import pytest

from devices import device
from project import ROOT
from sharpminima.storage import faults

START = """
import resource, sys
import numpy as np
from pathlib import Path
from sharpminima.storage import rows
from sharpminima.jobs import logs
logs.write_to(sys.argv[1])
"""


def run(log, code):
    """Run `code` as a job with a log; return the process and its log's lines."""
    command = [sys.executable, "-c", START + code, str(log)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow/scripts")}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment
    )
    return done, log.read_text().splitlines()


def test_a_job_that_succeeds_says_nothing_on_the_terminal(tmp_path):
    done, lines = run(tmp_path / "job.log", "print('an epoch')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert lines == [faults.IF_KILLED, "an epoch"]


def test_an_error_is_one_line_before_its_traceback(tmp_path):
    log = tmp_path / "job.log"
    done, lines = run(log, "print('an epoch')\nraise ValueError('expected more')")
    assert done.returncode == 1
    assert done.stderr == f"{log}: ValueError: expected more\n"
    assert lines[2:4] == [done.stderr[:-1], "Traceback (most recent call last):"]


def test_a_lack_of_memory_says_what_to_lower(tmp_path):
    """The limit is that of a real process, in bytes of its address space."""
    code = "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))\n"
    done, lines = run(tmp_path / "job.log", f"{code}np.ones(1 << 30)")
    assert done.returncode == 1
    assert "MemoryError: Unable to allocate 8.00 GiB" in done.stderr
    assert done.stderr.endswith(f"{faults.LESS_MEMORY} {faults.AGAIN}\n")
    assert lines[1] == done.stderr[:-1]


def test_the_log_of_a_killed_job_says_so_already(tmp_path):
    code = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    done, lines = run(tmp_path / "job.log", code)
    assert done.returncode == -9
    assert lines == [faults.IF_KILLED]
    assert "it was killed, most likely for lack of memory" in lines[0]
    assert "`evaluation.batch_size`" in lines[0]


FILL = """
import logging
Path(sys.argv[1]).with_name("fill").write_bytes(bytes(4096))
logging.info("x" * 5000)
"""


@pytest.mark.parametrize("then", ["", "raise ValueError('expected more')"])
def test_a_log_without_space_does_not_change_how_a_job_ends(tmp_path, then):
    with device(tmp_path / "full", "size=8k") as folder:
        done, lines = run(folder / "job.log", FILL + then)
    assert lines[0] == faults.IF_KILLED
    assert done.returncode == bool(then)
    error = f"{folder / 'job.log'}: ValueError: expected more\n"
    assert done.stderr == (error if then else "")
