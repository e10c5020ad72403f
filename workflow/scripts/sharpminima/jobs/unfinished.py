"""What an unfinished job has done so far, saved so that a restarted job goes on there.

Each job has a folder for it in `<results>/unfinished`, which Snakemake knows nothing of
and so leaves in place when the job fails. States are written whole (`files.replacing`)
as NPZ files with a digest at their end. Each state carries the job's key, a digest of
all that its numbers depend on. A damaged state, or one with another key, is refused
with a warning, and the job starts over. A finished job removes its folder.
"""

import hashlib
import json
import logging
import platform
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple
from pathlib import Path

import numpy as np

from sharpminima.jobs import interruption
from sharpminima.jobs.cost import NOTHING, Work
from sharpminima.storage import digests
from sharpminima.storage.faults import DamagedError

# Part of each key: states of another layout are those of another job.
LAYOUT = 1
# Saving takes at most this share of a job's time, but for iterates that a run keeps.
SHARE = 0.01
VALUES = "values"  # the array that holds, as JSON, all that is no array


def key_of(*parts, files: Iterable[str | Path]) -> str:
    """Return the key of a job: a digest of all that its numbers depend on, to the bit.

    Args:
        parts: Settings, code, versions and so on, which JSON can write.
        files: The files that the job reads.
    """
    found = []
    for path in files:
        with Path(path).open("rb") as file:
            found.append(hashlib.file_digest(file, "sha256").hexdigest())
    text = json.dumps([LAYOUT, _processor(), found, *parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _processor():
    """Return what the processor can do, as far as the system tells: sums follow it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    named = ("model name", "flags", "Features", "CPU part")
    return sorted({line for line in lines if line.startswith(named)})


def place(job) -> tuple[Path, float]:
    """Return a job's folder and seconds between two states, as Snakemake tells them.

    Args:
        job: What Snakemake gives to a script as `snakemake`.
    """
    folder = Path(job.resources.unfinished, "_".join([job.rule, *job.wildcards]))
    return folder, float(job.resources.save_every)


class Store:
    """The saved states of one job.

    Args:
        folder: Where they are; None to save nothing.
        every: Least number of seconds between two states. There are more where saving
            would take over a hundredth of the time.
        key: What `key_of` returned.
    """

    def __init__(self, folder: str | Path | None, every: float = 60.0, key: str = ""):
        self._folder = Path(folder) if folder else None
        self._key, self._every, self._wait = key, every, every
        self._saved = time.monotonic()

    def due(self) -> bool:
        """Tell whether it is time to save: some has passed, or the job must stop."""
        waited = time.monotonic() - self._saved >= self._wait
        return bool(self._folder and (waited or interruption.reason()))

    def __setitem__(self, name: str, state: Mapping) -> None:
        """Save a state under a name: its file's name, without the suffix.

        Args:
            name: The name.
            state: NumPy arrays by name, and values that JSON can write.
        """
        started = time.monotonic()
        arrays = {n: v for n, v in state.items() if isinstance(v, np.ndarray)}
        values = {n: v for n, v in state.items() if n not in arrays}
        text = json.dumps({"key": self._key, **values}, default=np.generic.item)
        with digests.writing(self._file(name)) as temporary:
            np.savez(
                temporary, **{VALUES: np.frombuffer(text.encode(), "u1")}, **arrays
            )
        self._saved = time.monotonic()
        self._wait = max(self._every, (self._saved - started) / SHARE)

    def saved(self, name: str, state: Mapping) -> bool:
        """Save a state, or put up with a full device; tell whether it is saved.

        Raises:
            OSError: If it cannot be saved, and the process must stop.
        """
        try:
            self[name] = state
        except OSError as error:
            if interruption.reason():
                raise
            logging.warning("What was done is not saved. %s", error)
            self._saved = time.monotonic()
            return False
        return True

    def __bool__(self):
        """Tell whether anything is saved at all."""
        return self._folder is not None

    def get(self, name: str) -> dict | None:
        """Return the state of this name, or None if there is none that can be used."""
        if self._folder is None or not self._file(name).exists():
            return None
        try:
            digests.check(self._file(name))
        except DamagedError as error:
            logging.warning("A state is not used. %s", error)
            return None
        with np.load(self._file(name), allow_pickle=False) as arrays:
            values = json.loads(arrays[VALUES].tobytes())
            if values.pop("key") == self._key:
                return values | {n: arrays[n] for n in arrays.files if n != VALUES}
        logging.warning(
            "A state is not used. Other settings, code or versions made it: %s",
            self._file(name),
        )
        return None

    def remove(self) -> None:
        """Remove all states: the job is finished."""
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _file(self, name):
        return self._folder / f"{name}.npz"


def now(compute: Callable[[], Mapping]) -> dict:
    """Return what `compute` returns: a step that nothing saves."""
    return dict(compute())


class Steps:
    """The steps of a job, which always come in the same order.

    A step that an earlier process has saved is not repeated.

    Args:
        store: Where the results of steps are saved.
        meter: Has the `work` that steps add to.
    """

    def __init__(self, store: Store, meter):
        self._store, self._meter = store, meter
        self._pending, self._count, self._files = [], 0, 0
        self._known = self._saved()

    def __call__(self, compute: Callable[[], Mapping]) -> dict:
        """Return the result of the next step, which `compute` computes if need be.

        Args:
            compute: Returns arrays, and values that JSON can write, by name.
        """
        before, known = self._meter.work, next(self._known, None)
        self._count += 1
        if known:
            work, result = known
            self._meter.work = before + Work(*work)
            return result
        self._meter.work = NOTHING
        result = dict(compute())
        work, self._meter.work = self._meter.work, before + self._meter.work
        if self._store:
            self._pending.append((astuple(work), result))
        if self._store.due():
            first = self._count - len(self._pending)
            state = _packed(self._pending) | {"first": first}
            if self._store.saved(self._name(), state):
                self._files, self._pending = self._files + 1, []
            interruption.stop_if_asked("What was measured is saved")
        return dict(result)

    def _saved(self):
        """Yield the steps that are known, with one file at a time in memory."""
        while state := self._store.get(self._name()):
            # Where a file was refused once, one that followed it may be left.
            if state.pop("first") != self._count:
                break
            self._files += 1
            yield from _unpacked(state)
        if self._count:
            logging.info("%d steps are known from before.", self._count)

    def _name(self):
        return f"steps{self._files}"


def _packed(steps):
    """Return steps as one state: their values, and their arrays by number and name."""
    arrays, values = {}, []
    for number, (work, result) in enumerate(steps):
        of_step = {n: v for n, v in result.items() if isinstance(v, np.ndarray)}
        arrays |= {f"{number}/{name}": array for name, array in of_step.items()}
        values.append((work, {n: v for n, v in result.items() if n not in of_step}))
    return {"steps": values, **arrays}


def _unpacked(state):
    """Return the steps that `_packed` packed."""
    steps = state.pop("steps")
    for name, array in state.items():
        number, _, of_step = name.partition("/")
        steps[int(number)][1][of_step] = array
    return steps
