"""Tabulate what the study cost, rule by rule and network by network."""

from typing import TYPE_CHECKING

from sharpminima import aggregation, logs, tables

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(rows, *, cost):
    """Sum the CSV files `rows`, one of each job."""
    table = aggregation.summarise_cost(tables.gather(rows))
    tables.write_for_readers(table, *cost)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, **snakemake.output)
