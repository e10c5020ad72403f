"""Tabulate Metric 2.1: every search, Tables 3 and 4, and the ratio of each seed."""

from typing import TYPE_CHECKING

from sharpminima import aggregation, logs, reference, tables

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(rows, *, measurements, sharpness, ratios, pairs):
    """Gather the CSV files `rows` into the three tables."""
    searches = tables.gather(rows)
    tables.write(searches, measurements)
    table = aggregation.summarise_sharpness(searches, reference.read())
    tables.write_for_readers(table, *sharpness)
    table = aggregation.sharpness_ratios(searches, pairs)
    tables.write_for_readers(table, *ratios)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        snakemake.input,
        **snakemake.output,
        pairs=snakemake.params.study["pairs"],
    )
