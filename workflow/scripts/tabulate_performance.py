"""Tabulate when larger batches reach SB's test accuracy sooner, seed by seed."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.tables import files
from sharpminima.tables.performance import compare

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(histories, outcomes, *, performance, settings, first):
    """Compare the runs of the CSV files `histories` and `outcomes` with `first`."""
    epochs, runs = files.gather(histories), files.gather(outcomes)
    table = compare(epochs, runs, first=first, **settings)
    files.write_for_readers(table, *performance)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        **snakemake.output,
        settings=snakemake.params.performance,
        first=snakemake.params.study["pairs"][0][0],
    )
