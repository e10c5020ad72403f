"""Stores of unfinished jobs for tests: they save at once, and stop a job on purpose."""

import contextlib
import itertools

from sharpminima.jobs import unfinished


class StoppedError(Exception):
    """Raised in place of a kill."""


class Stopping(unfinished.Store):
    """Saves whenever it can, and stops the job right after a number of states."""

    def __init__(self, folder, states=None, key="key"):
        super().__init__(folder, every=0.0, key=key)
        self._left = states

    def __setitem__(self, name, state):
        super().__setitem__(name, state)
        # Not a share of the time: the next state is due at once.
        self._wait = 0.0
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                raise StoppedError


def sittings(job, states):
    """Run `job(states)` until it ends, stopped after `states` states each time.

    Returns what it returned, and how often it was stopped.
    """
    for stopped in itertools.count():
        with contextlib.suppress(StoppedError):
            return job(states), stopped
