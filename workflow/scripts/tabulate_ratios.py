"""Tabulate how much sharper one regime's minima are than another's, seed by seed."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files, ratios

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output, *, pairs):
    """Compare the regimes of each of `pairs` in the CSV files `paths`."""
    table = ratios.tabulate(files.gather(paths), pairs)
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output, pairs=snakemake.params.study["pairs"])
