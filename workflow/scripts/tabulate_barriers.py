"""Tabulate the barriers between minima of one regime and of two."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import barriers, files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Average the CSV files `paths`, one per seed and pair of seeds."""
    table = barriers.tabulate(files.gather(paths))
    files.write_for_readers(table, *output, digits=3)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
