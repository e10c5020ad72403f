"""Tabulate the sweep over batch sizes: every run, means, and thresholds."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.tables import experiments, files
from sharpminima.tables.thresholds import estimate

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, searches, *, runs, sweep, thresholds, epsilon):
    """Gather the CSV files `outcomes` and `searches` of the same runs."""
    rows = experiments.sweep_runs(
        files.gather(outcomes), files.gather(searches), epsilon
    )
    files.write(rows, runs)
    files.write_for_readers(experiments.summarise_sweep(rows), *sweep)
    files.write_for_readers(estimate(rows), *thresholds)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        **snakemake.output,
        epsilon=snakemake.params.study["epsilon"],
    )
