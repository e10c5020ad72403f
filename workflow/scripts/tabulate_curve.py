"""Tabulate sharpness against epsilon, and where the order of two regimes changes."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.robustness import curve

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output, *, pairs):
    """Compare the regimes of each of `pairs` in the CSV files `paths`."""
    table = curve.tabulate(files.gather(paths), pairs)
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output, pairs=snakemake.params.study["pairs"])
