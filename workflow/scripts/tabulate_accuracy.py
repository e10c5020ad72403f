"""Tabulate what the runs are and reached: every run, Table 1 and Table 2."""

from typing import TYPE_CHECKING

from sharpminima import aggregation, logs, reference, tables

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, *, runs, networks, accuracy):
    """Gather the CSV files `outcomes` into the three tables."""
    rows = tables.gather(outcomes)
    tables.write(rows, runs)
    tables.write_for_readers(aggregation.summarise_networks(rows), *networks)
    table = aggregation.summarise_accuracy(rows, reference.read())
    tables.write_for_readers(table, *accuracy)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, **snakemake.output)
