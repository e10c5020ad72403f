"""Tabulate what each sharpness is made of, ours and the paper's."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files, paper
from sharpminima.tables.robustness import anatomy

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Take the searches in the CSV files `paths` apart, one file per run."""
    table = anatomy.tabulate(files.gather(paths), paper.read())
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
