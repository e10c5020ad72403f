"""Tabulate Metric 2.1: every search, and Tables 3 and 4."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.tables import averages, files, paper

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(rows, *, measurements, sharpness):
    """Gather the CSV files `rows` into both tables."""
    searches = files.gather(rows)
    files.write(searches, measurements)
    table = averages.summarise_sharpness(searches, paper.read())
    files.write_for_readers(table, *sharpness)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, **snakemake.output)
