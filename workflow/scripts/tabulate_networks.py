"""Tabulate what each network is (Table 1)."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files, networks

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Describe the networks of the runs in the CSV files `paths`."""
    table = networks.tabulate(files.gather(paths))
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
