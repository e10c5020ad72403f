"""Tabulate which of two minima is sharper, at the point and in growing boxes."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.robustness import point_and_box

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output, *, pairs):
    """Compare the regimes of each of `pairs` in the CSV files of three measures."""
    given = [files.gather(paths[m]) for m in ("curvatures", "averages", "curves")]
    table = point_and_box.tabulate(*given, pairs)
    files.write_for_readers(table, *output, digits=3)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output, pairs=snakemake.params.study["pairs"])
