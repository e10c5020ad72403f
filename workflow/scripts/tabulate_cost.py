"""Tabulate what the study cost, rule by rule and network by network."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import cost, files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Sum the CSV files `paths`, one per job."""
    table = cost.tabulate(files.gather(paths))
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
