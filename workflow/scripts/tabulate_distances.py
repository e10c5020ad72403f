"""Tabulate how far the minima lie from their starting point and from each other."""

from typing import TYPE_CHECKING

from sharpminima import aggregation, logs, tables

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(distances, distances_csv, distances_md):
    """Gather the CSV files `distances` into one table."""
    rows = tables.gather(distances)
    tables.write(aggregation.summarise_distances(rows), distances_csv, distances_md)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, **snakemake.output)
