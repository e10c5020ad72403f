"""Which runs of Snakemake are at work in a folder, and what one that was killed left.

Snakemake locks the files that it makes. If it is killed its lock stays, and the next
run is refused until somebody unlocks the folder. But the operating system knows who is
alive: each run holds a lock of the system on one file, and this lock ends with the run.
A run that finds itself alone removes what others have left.

Each run leaves a note, too, and jobs know the note of their run. If Snakemake alone is
killed, its jobs may go on. The next run removes their note, and from then on they write
no more (see `files.replacing`).
"""

import atexit
import fcntl
import functools
import os
import shutil
import socket
import uuid
from contextlib import suppress
from pathlib import Path

RUNS, LOCKS = Path(".snakemake/runs"), Path(".snakemake/locks")
HERE = socket.gethostname()
# Names the note of a job's run. Jobs inherit it, on a cluster as well.
VARIABLE = "SHARPMINIMA_RUN"


class Run:
    """This run of Snakemake in the current folder, for as long as the process lives.

    Attributes:
        released: Whether it has removed the locks of a run that was killed.
        others: Lines that say which other runs may be at work here.
    """

    def __init__(self):
        RUNS.mkdir(parents=True, exist_ok=True)
        # Open until the process ends.
        self._file = os.open(RUNS / "lock", os.O_RDWR | os.O_CREAT)
        alone = self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB)
        notes = {path: _text(path) for path in RUNS.glob("*.run")}
        # Machines that share a folder may not see each other's locks.
        alone &= all(_host(text) in ("", HERE) for text in notes.values())
        self.released, self.others = False, [*filter(None, notes.values())]
        if alone:
            # Without a note, somebody else has locked the folder.
            self.released, self.others = bool(notes) and LOCKS.is_dir(), []
            for path in notes:
                path.unlink(missing_ok=True)
        if self.released:
            shutil.rmtree(LOCKS, ignore_errors=True)
        self._locked(fcntl.LOCK_SH)
        note = (RUNS / f"{uuid.uuid4().hex}.run").absolute()
        atexit.register(note.unlink, missing_ok=True)
        note.write_text(f"{HERE}: process {os.getpid()}")
        os.environ[VARIABLE] = str(note)

    def _locked(self, how):
        """Take the lock of the system; tell whether that was possible."""
        try:
            fcntl.flock(self._file, how)
        # Another run has it, or this file system has no such locks.
        except OSError:
            return False
        return True


@functools.cache
def run_here() -> Run:
    """Return this run, which is one however often it reads the workflow."""
    return Run()


class RunOverError(RuntimeError):
    """Raised in a job that was left alone, when the next run has begun."""


def check() -> None:
    """Raise a `RunOverError` if the run that began this job is over."""
    if over():
        raise RunOverError(
            "The Snakemake that began this job was killed, and another one has begun. "
            "This job writes nothing."
        )


def over() -> bool:
    """Tell whether the run that began this job is known to be over."""
    note = os.environ.get(VARIABLE)
    try:
        # A job on another machine may not see the folder at all.
        return bool(note) and Path(note).parent.is_dir() and not Path(note).exists()
    # The file system does not answer.
    except OSError:
        return False


def killed() -> bool:
    """Tell whether the run that began this job is over, or was killed here."""
    text = _text(Path(os.environ.get(VARIABLE, "")))
    if _host(text) == HERE:
        return not _lives(int(text.rpartition(" ")[2]))
    return over()


def _text(note):
    # Its run may end at this moment.
    with suppress(OSError):
        return note.read_text()
    return ""


def _host(text):
    return text.partition(":")[0]


def _lives(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # It may be another user's.
    except PermissionError:
        pass
    return True
