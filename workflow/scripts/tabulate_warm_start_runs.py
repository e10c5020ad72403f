"""Tabulate every run that began with an iterate of another regime (Figure 5)."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.experiments import warm_start_runs

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, searches, trajectories, csv, *, epochs, epsilon):
    """Join the CSV files of the runs with the trajectories that they began from."""
    inputs = map(files.gather, (outcomes, searches, trajectories))
    files.write(warm_start_runs.tabulate(*inputs, epochs, epsilon), csv)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(**snakemake.input, csv=snakemake.output[0], **snakemake.params.study)
