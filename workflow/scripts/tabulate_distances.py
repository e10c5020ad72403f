"""Tabulate how far the minima lie from their starting point and from each other."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import distances, files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Average the CSV files `paths`, one per pair of runs."""
    table = distances.tabulate(files.gather(paths))
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
