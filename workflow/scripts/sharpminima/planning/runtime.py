"""The minutes that jobs ask a cluster for: the preview's estimate, with a margin.

A cluster kills a job at the end of its time, so jobs ask for more than they should
need. Only a built model tells how large a network is, and building it takes Keras: the
trial of ways of compiling, which comes first, writes it down.
"""

import csv
import math
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path

from sharpminima.networks.size import Size
from sharpminima.planning.planned_time import Estimate, Past, rates
from sharpminima.storage import rows
from sharpminima.storage.faults import DamagedError

# Stored rates are right within a factor of three.
MARGIN = 3
STEP = 10  # minutes: no job asks for less, and every job for a multiple
UNKNOWN = 120  # minutes, where there is no estimate


def minutes(seconds: float) -> int:
    """Return the minutes to ask for, or `UNKNOWN` if the estimate is NaN.

    Args:
        seconds: The most that the job is estimated to take.
    """
    if math.isnan(seconds):
        return UNKNOWN
    return STEP * max(1, math.ceil(MARGIN * seconds / 60 / STEP))


def size_in(trial: Path) -> Size | None:
    """Return the size of a network, or None if it is not known.

    Args:
        trial: The row of cost of the trial of its ways of compiling.
    """
    try:
        row = next(csv.DictReader(rows.read(trial)))
    except (FileNotFoundError, DamagedError):
        # There is none yet, or one of an earlier version.
        return None
    return Size(int(row["parameters"]), int(row["flops_per_example"]), row["kind"])


class Runtimes:
    """Says how many minutes jobs ask for. It is asked for each job, and remembers.

    Args:
        config: The whole config, with its derived regimes.
        results: The folder of the study's results.
    """

    def __init__(self, config: Mapping, results: Path):
        self._config, self._results = config, results
        self._remembered = cache(self._minutes)

    def of(self, job: Mapping) -> int:
        """Return the minutes of a job.

        Args:
            job: Its `rule` and wildcards.
        """
        network = job.get("network")
        trial = self._results / f"cost/choose_compilation/{network}/trial.csv"
        # All seeds take the same time.
        alike = frozenset(item for item in job.items() if item[0] != "seed")
        return self._remembered(alike, size_in(trial))

    def _minutes(self, alike, size):
        job = dict(alike)
        sizes = {job.get("network"): size}
        estimate = Estimate(self._config, rates()["seconds"], sizes, self._past)
        _, most = estimate.seconds(job)
        return minutes(most)

    @cached_property
    def _past(self):
        return Past.of(self._results)
