"""Tabulate remedies beside the plain regimes."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.tables import experiments, files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, searches, *, remedies, pair):
    """Compare the runs of the CSV files `outcomes` with the regimes of `pair`."""
    table = experiments.summarise_remedies(
        files.gather(outcomes), files.gather(searches), pair
    )
    files.write_for_readers(table, *remedies)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        **snakemake.output,
        pair=snakemake.params.study["pairs"][0],
    )
