"""Tabulate loss, accuracy and sharpness along training, averaged (Figure 6)."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.experiments import trajectory_means

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Average the CSV files `paths`, one per run."""
    table = trajectory_means.tabulate(files.gather(paths))
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
