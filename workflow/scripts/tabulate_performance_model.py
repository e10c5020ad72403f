"""Tabulate when larger batches reach SB's test accuracy sooner (appendix C)."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files, performance_model

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(histories, outcomes, output, *, first, settings):
    """Compare the runs of the CSV files `histories` and `outcomes` with `first`."""
    epochs, runs = files.gather(histories), files.gather(outcomes)
    table = performance_model.tabulate(epochs, runs, first=first, **settings)
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        output=snakemake.output,
        first=snakemake.params.study["pairs"][0][0],
        settings=snakemake.params.performance_model,
    )
