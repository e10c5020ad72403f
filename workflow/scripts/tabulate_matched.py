"""Tabulate sharpness as trained beside sharpness at a common gradient norm."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.robustness import matched

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(searches, after_descent, output, *, pairs):
    """Compare the searches of both lists of CSV files, and the regimes of `pairs`."""
    rows = files.gather(searches), files.gather(after_descent)
    files.write_for_readers(matched.tabulate(*rows, pairs), *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        output=snakemake.output,
        pairs=snakemake.params.study["pairs"],
    )
