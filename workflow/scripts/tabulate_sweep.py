"""Tabulate accuracy and sharpness by batch size, averaged (Figure 4).

It reads the original rows: `sweep_runs.csv` is rounded.
"""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.experiments import sweep, sweep_runs

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, searches, output, *, epsilon):
    """Average the runs of the CSV files `outcomes` and `searches`."""
    rows = sweep_runs.tabulate(files.gather(outcomes), files.gather(searches), epsilon)
    files.write_for_readers(sweep.tabulate(rows), *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(**snakemake.input, output=snakemake.output, **snakemake.params.study)
