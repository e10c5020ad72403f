"""Tabulate how far measures drift where the function stays the same."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.robustness import invariance

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Compare the forms of each run in the CSV files `paths`."""
    table = invariance.tabulate(files.gather(paths))
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
