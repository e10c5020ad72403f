"""Tabulate how far the paper's search is below a longer one."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.robustness import solver_gap

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Compare the searches of the CSV files `paths`, one per run and epsilon."""
    table = solver_gap.tabulate(files.gather(paths))
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
