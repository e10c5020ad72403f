"""Tabulate what speaks against a minimum at the end of each run."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.robustness import minima

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, histories, searches, output):
    """Judge the runs of three lists of CSV files, one or more per run."""
    epochs = files.gather(histories) if histories else minima.NO_EPOCHS
    table = minima.tabulate(files.gather(outcomes), epochs, files.gather(searches))
    files.write_for_readers(table, *output, digits=3)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        snakemake.input.outcomes,
        snakemake.input.histories,
        snakemake.input.searches,
        snakemake.output,
    )
