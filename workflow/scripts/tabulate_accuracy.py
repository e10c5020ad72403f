"""Tabulate what the runs are and reached: every run, Table 1 and Table 2."""

from typing import TYPE_CHECKING

from sharpminima import aggregation, logs, reference, tables

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, runs, networks_csv, networks_md, accuracy_csv, accuracy_md):
    """Gather the CSV files `outcomes` into the three tables."""
    rows = tables.gather(outcomes)
    tables.write(rows, runs)
    tables.write(aggregation.summarise_networks(rows), networks_csv, networks_md)
    accuracy = aggregation.summarise_accuracy(rows, reference.read())
    tables.write(accuracy, accuracy_csv, accuracy_md)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, **snakemake.output)
