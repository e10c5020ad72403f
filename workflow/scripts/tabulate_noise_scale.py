"""Tabulate the gradient noise scale by regime and epoch, averaged over the runs."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files, noise_scale

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Average the rows of the CSV files `paths`."""
    files.write_for_readers(noise_scale.tabulate(files.gather(paths)), *output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
