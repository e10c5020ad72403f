"""Tabulate Metric 2.1 of each regime, beside the paper's (Tables 3 and 4)."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files, paper, sharpness

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Average the CSV files `paths`, one per run."""
    table = sharpness.tabulate(files.gather(paths), paper.read())
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
