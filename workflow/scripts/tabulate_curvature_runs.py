"""Tabulate the curvature of every run, and of each of its layers.

The table is the gathered rows: it needs no module of its own.
"""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, csv):
    """Gather the CSV files `paths`, one per run."""
    files.write(files.gather(paths), csv)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output[0])
