"""Tabulate closed forms of the measures beside our values."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files, selftest

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Judge the rows of the CSV files `paths`."""
    files.write_for_readers(selftest.tabulate(files.gather(paths)), *output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
