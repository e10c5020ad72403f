"""Tabulate curvature along training beside what the optimizer bears."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.experiments import edge_of_stability

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Average the CSV files `paths`, one per run."""
    table = edge_of_stability.tabulate(files.gather(paths))
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
