"""Tabulate what the runs are and reached: every run, Table 1 and Table 2."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.tables import averages, files, paper

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, *, runs, networks, accuracy):
    """Gather the CSV files `outcomes` into the three tables."""
    rows = files.gather(outcomes)
    files.write(rows, runs)
    files.write_for_readers(averages.summarise_networks(rows), *networks)
    table = averages.summarise_accuracy(rows, paper.read())
    files.write_for_readers(table, *accuracy)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, **snakemake.output)
