"""Snakemake that asks Slurm how its jobs are every second.

    python tests/slurm/impatient.py FLAGS

Slurm's plugin asks once in 11, then once in 21 seconds, and so on. All else is as ever.
"""

from snakemake.cli import main
from snakemake_executor_plugin_slurm import Executor

Executor.next_seconds_between_status_checks = property(
    lambda self: 1, lambda self, value: None
)

if __name__ == "__main__":
    main()
