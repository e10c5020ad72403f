"""Tabulate how far the minima lie from their starting point and from each other."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.tables import averages, files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(rows, *, distances):
    """Gather the CSV files `rows` into one table."""
    table = averages.summarise_distances(files.gather(rows))
    files.write_for_readers(table, *distances)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, **snakemake.output)
