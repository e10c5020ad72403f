"""Tabulate every run of the sweep over batch sizes (Figure 4)."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.experiments import sweep_runs

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, searches, csv, *, epsilon):
    """Join the CSV files `outcomes` and `searches` of the same runs."""
    rows, measurements = files.gather(outcomes), files.gather(searches)
    files.write(sweep_runs.tabulate(rows, measurements, epsilon), csv)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(**snakemake.input, csv=snakemake.output[0], **snakemake.params.study)
