"""Tabulate what the study cost, rule by rule and network by network."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.tables import averages, files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(rows, *, cost):
    """Sum the CSV files `rows`, one of each job."""
    table = averages.summarise_cost(files.gather(rows))
    files.write_for_readers(table, *cost)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, **snakemake.output)
