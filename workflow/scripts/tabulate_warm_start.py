"""Tabulate what warm starts reach, averaged by the epoch they began with (Figure 5).

It reads the original rows: `warm_start_runs.csv` is rounded.
"""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.experiments import warm_start, warm_start_runs

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, searches, trajectories, output, *, epochs, epsilon):
    """Average the runs of the CSV files, and the iterates that they began with."""
    inputs = map(files.gather, (outcomes, searches, trajectories))
    rows = warm_start_runs.tabulate(*inputs, epochs, epsilon)
    files.write_for_readers(warm_start.tabulate(rows), *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(**snakemake.input, output=snakemake.output, **snakemake.params.study)
