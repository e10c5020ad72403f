"""Tabulate runs that began with kept iterates: every run, and means."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.tables import experiments, files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, searches, trajectories, *, runs, warm_start, epochs, epsilon):
    """Gather the CSV files of the runs, and of the trajectories that they left."""
    rows = experiments.warm_start_runs(
        files.gather(outcomes),
        files.gather(searches),
        files.gather(trajectories),
        epochs=epochs,
        epsilon=epsilon,
    )
    files.write(rows, runs)
    files.write_for_readers(experiments.summarise_warm_start(rows), *warm_start)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        **snakemake.output,
        epochs=snakemake.params.study["epochs"],
        epsilon=snakemake.params.study["epsilon"],
    )
