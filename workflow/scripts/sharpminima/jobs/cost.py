"""What a job costs: `Work` is what it computed, `Job` is what that took.

`Work` counts gradients and examples. The same job has the same work on every machine,
and `planning` knows it beforehand. `Job` measures seconds and memory and writes the row
of the job's cost, with its work.

Seconds are wall-clock time from the start of a script's `main`. Start-up, Python and
its imports, has a column of its own, in seconds of the processor, because no portable
clock runs from the start of a process. Memory is the process' own; what lies on a GPU
is not counted. Nothing here needs Keras (see `sharpminima.networks.flops`).
"""

import operator
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from sharpminima.storage import rows

# A gradient takes a forward pass and a backward pass, which costs about twice as much.
PASSES_OF_A_GRADIENT = 3
# `ru_maxrss` is in bytes on macOS and in KiB elsewhere.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Work:
    """What was computed, as counts that do not depend on the machine.

    Attributes:
        gradient_evaluations: Number of gradients: of one batch each in training, of the
            whole training set each in the search for the sharpness.
        forward_examples: Examples that took a forward pass only.
        gradient_examples: Examples that took a forward and a backward pass.
    """

    gradient_evaluations: int = 0
    forward_examples: int = 0
    gradient_examples: int = 0

    def __add__(self, other: "Work") -> "Work":
        """Return the sum of both."""
        return Work(*map(operator.add, astuple(self), astuple(other)))

    def flops(self, per_example: int) -> int:
        """Return the FLOPs of this work.

        Args:
            per_example: FLOPs of the forward pass of one example.
        """
        gradient = PASSES_OF_A_GRADIENT * self.gradient_examples
        return per_example * (self.forward_examples + gradient)


NOTHING = Work()


class Job:
    """The job that runs in this process; its clock starts when this is made.

    Args:
        rule: Name of the job's rule.
    """

    def __init__(self, rule: str):
        self._rule = rule
        # `process_time` counts from the start of the process: Python and its imports.
        self._startup, self._started = time.process_time(), time.perf_counter()

    def write(
        self,
        path: str | Path,
        identity: Mapping,
        *,
        device: str = "CPU",
        work: Work = NOTHING,
        flops_per_example: int = 0,
    ) -> None:
        """Write the cost of the job up to now, as a CSV file of one row.

        Args:
            path: The CSV file.
            identity: Network, dataset, regime and seed, as far as the job has them.
            device: The device that computed, `CPU` or `GPU`.
            work: What was computed.
            flops_per_example: FLOPs of the forward pass of one example.
        """
        # Every rule writes the same columns, so that `tables.cost` can sum them.
        row = {
            "rule": self._rule,
            **identity,
            "device": device,
            "startup_seconds": self._startup,
            "seconds": time.perf_counter() - self._started,
            **asdict(work),
            "flops": work.flops(flops_per_example),
            "peak_mb": peak_megabytes(),
        }
        rows.write(path, [row])


def peak_megabytes() -> float:
    """Return the largest memory that this process has held, in MB of 10^6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT / 1e6
