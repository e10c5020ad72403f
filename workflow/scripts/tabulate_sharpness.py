"""Tabulate Metric 2.1: every search, Tables 3 and 4, and the ratio of each seed."""

from typing import TYPE_CHECKING

from sharpminima import aggregation, logs, reference, tables

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(
    measurements,
    every_search,
    sharpness_csv,
    sharpness_md,
    ratios_csv,
    ratios_md,
    *,
    pairs,
):
    """Gather the CSV files `measurements` into the three tables."""
    rows = tables.gather(measurements)
    tables.write(rows, every_search)
    sharpness = aggregation.summarise_sharpness(rows, reference.read())
    tables.write(sharpness, sharpness_csv, sharpness_md)
    ratios = aggregation.sharpness_ratios(rows, pairs)
    tables.write(ratios, ratios_csv, ratios_md)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        snakemake.input,
        **snakemake.output,
        pairs=snakemake.params.study["pairs"],
    )
