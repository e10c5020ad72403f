"""What a run has done so far: all that it needs to go on as if it had never stopped.

Random numbers need no state here but for dropout's, which are among the variables: all
others come from streams that are named by seed and epoch.
"""

import logging
from dataclasses import astuple

import numpy as np

from sharpminima.jobs import interruption
from sharpminima.jobs.cost import Work
from sharpminima.jobs.unfinished import Store
from sharpminima.loss.measured import MeasuredLoss

STATE = "state"


class Progress:
    """The progress of one run.

    Attributes:
        history: The rows of finished epochs, which the stopping rule reads.
        updates: What each update of the unfinished epoch saw.
        seconds: How long the unfinished epoch has taken.
        last_weights: The trainable weights after the last epochs, where the run ends at
            their mean: a list of arrays for each epoch.

    Args:
        store: Where it is saved; by default, nowhere.
    """

    def __init__(self, store: Store | None = None):
        self._store = Store(None) if store is None else store
        self.forget()
        self._state = self._store.get(STATE)
        if self._state:
            self.history = self._state["history"]

    def forget(self) -> None:
        """Begin at the beginning: no state that was saved is used."""
        self.history, self.updates, self.seconds = [], [], 0.0
        self.last_weights, self._state = [], None

    def due(self) -> bool:
        """Tell whether it is time to save."""
        return self._store.due()

    def resume(self, variables: list, measured: MeasuredLoss) -> None:
        """Go on where the saved state is, if there is one.

        Args:
            variables: All that training changes, in the order of `save_if_due`.
            measured: The measured loss, which has computed nothing yet.
        """
        state, self._state = self._state, None
        if not state:
            return
        for i, variable in enumerate(variables):
            variable.assign(state[f"variable {i}"])
        self.updates, self.seconds = state["updates"], state["seconds"]
        measured.work = Work(*state["work"])
        trainable = range(state["trainable"])
        self.last_weights = [
            [state[f"epoch {e} weight {i}"] for i in trainable]
            for e in range(state["last"])
        ]
        done = len(self.history), len(self.updates)
        logging.info("Goes on after %d epochs and %d updates.", *done)

    def save_if_due(self, variables: list, measured: MeasuredLoss) -> None:
        """Save the state where it is time to; then end the process if it must stop."""
        if not self.due():
            return
        state = {f"variable {i}": np.asarray(v) for i, v in enumerate(variables)}
        for e, weights in enumerate(self.last_weights):
            state |= {f"epoch {e} weight {i}": w for i, w in enumerate(weights)}
        state |= {
            "history": self.history,
            "updates": self.updates,
            "seconds": self.seconds,
            "work": astuple(measured.work),
            "last": len(self.last_weights),
            "trainable": len(self.last_weights[0]) if self.last_weights else 0,
        }
        self._store.saved(STATE, state)
        interruption.stop_if_asked("What was trained is saved")

    def end_epoch(self, row: dict) -> None:
        """Take the row of an epoch that has ended."""
        self.history.append(row)
        self.updates, self.seconds = [], 0.0
