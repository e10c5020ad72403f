"""The table of rules: when a rule runs, what its jobs compute, what memory they take.

The preview, the memory that rules declare, and the tests read this table. A rule
`measure_X` needs no entry: the module `measures.X` says what it evaluates.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch

from sharpminima.planning import memory


@dataclass(frozen=True)
class Rule:
    """What planning knows of a rule.

    Attributes:
        stage: Its place in the order. Jobs wait for the jobs of earlier stages.
        computes: Whether its jobs train or measure a network, so that their time
            follows from their work.
        megabytes: The memory of a job, from the config and the job's rule and
            wildcards; None where a job takes little.
    """

    stage: int
    computes: bool = False
    megabytes: Callable[[Mapping, Mapping], int] | None = None


# Keys are patterns, and the first one that fits counts.
RULES = {
    "prepare_*": Rule(0, megabytes=memory.of_preparing),
    "choose_compilation*": Rule(1, megabytes=memory.of_trial),
    "adopt_checkpoint": Rule(2, megabytes=memory.of_adopting),
    "train": Rule(2, computes=True, megabytes=memory.of_training),
    "measure_selftest": Rule(3, megabytes=memory.of_selftest),
    "measure_*": Rule(3, computes=True, megabytes=memory.of_measuring),
    "tabulate_*": Rule(4),
    "chart_*": Rule(5),
}


def rule(name: str) -> Rule:
    """Return the row of the rule called `name`.

    Raises:
        KeyError: If the table does not know the rule.
    """
    for pattern, row in RULES.items():
        if fnmatch(name, pattern):
            return row
    raise KeyError(f"No row of planning.rules.RULES fits rule {name!r}.")


def megabytes(config: Mapping, job: Mapping) -> int:
    """Return the MB that a job declares.

    Args:
        config: The whole config, with its derived regimes.
        job: Its `rule` and wildcards.
    """
    return rule(job["rule"]).megabytes(config, job)
