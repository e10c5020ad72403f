"""What a job costs: seconds, gradient evaluations, examples, FLOPs, peak memory.

Seconds are those of the wall clock from the start of a script's `main`; what went
before, Python and its imports, is stated apart, as seconds of the processor, since no
portable clock runs from the start of a process. Memory is the process' own: what lies
on a GPU is not counted. Knows nothing of Keras (see `sharpminima.networks.flops`).
"""

import csv
import operator
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

# The backward pass takes about twice the operations of the forward pass.
PASSES_OF_A_GRADIENT = 3
# `ru_maxrss` is in bytes on macOS and in KiB elsewhere.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Work:
    """What was computed, whatever the time it took.

    Attributes:
        gradient_evaluations: Gradients that were taken: of a batch in training, of the
            whole training set in the search for the sharpness.
        forward_examples: Examples that the network saw for their loss alone.
        gradient_examples: Examples that it saw for a gradient.
    """

    gradient_evaluations: int = 0
    forward_examples: int = 0
    gradient_examples: int = 0

    def __add__(self, other: "Work") -> "Work":
        """Return the work of both."""
        return Work(*map(operator.add, astuple(self), astuple(other)))

    def flops(self, per_example: int) -> int:
        """Return the FLOPs, from those of one example's forward pass."""
        gradient = PASSES_OF_A_GRADIENT * self.gradient_examples
        return per_example * (self.forward_examples + gradient)


NOTHING = Work()


class Job:
    """The running job, whose clock starts where this is made.

    Args:
        rule: The job's rule.
    """

    def __init__(self, rule: str):
        self._rule = rule
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
        """Write the job's row, up to now, as the CSV file `path`.

        Args:
            path: The file.
            identity: Network, dataset and so on, as far as the job has them.
            device: What computed, `CPU` or `GPU`.
            work: What was computed.
            flops_per_example: FLOPs of one example's forward pass.
        """
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
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, row, lineterminator="\n")
            writer.writeheader()
            writer.writerow(row)


def peak_megabytes() -> float:
    """Return the most memory that this process has held, in MB of 10^6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT / 1e6
