"""Tabulate further regimes beside the pair that they vary (Tables 6 and 7)."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files, further_regimes

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, searches, output, *, pair):
    """Compare the runs of the CSV files `outcomes` with the regimes of `pair`."""
    rows, measurements = files.gather(outcomes), files.gather(searches)
    table = further_regimes.tabulate(rows, measurements, pair)
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        output=snakemake.output,
        pair=snakemake.params.study["pairs"][0],
    )
