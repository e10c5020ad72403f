"""When a job must stop: a signal asks for it, or the Snakemake that began it is gone.

A job that can save what it has done calls `watch` when it starts. From then on a signal
does not end it. Where the job can save, it asks for the `reason` to stop, saves, and
calls `stop_if_asked`. Between two such points there may be a long computation. A job
that has not stopped after `GRACE` seconds therefore ends where it is: Slurm kills it 30
seconds after the first signal.

A job whose Snakemake was killed would go on alone, and write into the files of the next
run. It notices that it has another parent.
"""

import logging
import os
import select
import signal
import sys
import threading
import time

from sharpminima.storage import locks

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
GRACE = 20.0  # seconds
# How often a job looks whether its parent is still there.
POLL = 0.5  # seconds
ORPHAN = "Snakemake, which began this job, is gone"

_reason = None
_status = 1


def watch() -> None:
    """Note signals in place of ending, and note when the parent dies; once per process.

    Raises:
        ValueError: If this is not the main thread.
    """
    # Python runs handlers between two steps of the main thread, which a long
    # computation of a library keeps waiting. Descriptors are written at once.
    heard, said = os.pipe()
    os.set_blocking(said, False)
    for number in SIGNALS:
        # What `nohup` has told a process to ignore stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(said, warn_on_full_buffer=False)
    listener = threading.Thread(
        target=_listen, args=(heard, os.getppid()), daemon=True, name="interruption"
    )
    listener.start()


def reason() -> str | None:
    """Return why this job must stop, or None if it may go on."""
    return _reason


def stop_if_asked(saved: str) -> None:
    """End this process if it must stop, with the status that a shell expects.

    Args:
        saved: What the log says of what was done, such as "It is saved".

    Raises:
        SystemExit: If the process must stop.
    """
    if _reason:
        logging.warning("Stopped: %s. %s. Run the same command again.", _reason, saved)
        sys.exit(_status)


def _listen(heard, parent):
    """Wait for a signal or for the parent's end; then give the job some time."""
    global _reason, _status
    while _reason is None:
        if os.getppid() != parent or locks.killed():
            _reason = ORPHAN
        elif select.select([heard], [], [], POLL)[0]:
            numbers = [n for n in os.read(heard, 64) if n in SIGNALS]
            if numbers:
                _status = 128 + numbers[0]
                _reason = f"signal {signal.Signals(numbers[0]).name}"
    logging.warning("To be stopped: %s.", _reason)
    time.sleep(GRACE)
    logging.warning("Stopped after %.0f s, between two states to save.", GRACE)
    logging.shutdown()
    os._exit(_status)
