"""Tabulate the iterates that were measured on the way: every one, and means."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.tables import experiments, files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(rows, *, trajectory, means):
    """Gather the CSV files `rows` into both tables."""
    points = files.gather(rows)
    files.write(points, trajectory)
    files.write_for_readers(experiments.summarise_trajectories(points), *means)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, **snakemake.output)
