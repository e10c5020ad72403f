"""Draw which of two minima of one network is sharper, at the point and in boxes."""

from typing import TYPE_CHECKING

from sharpminima.charts import pictures, point_and_box
from sharpminima.jobs import logs
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output, *, pairs):
    """Draw the CSV files of three measures, one file per run."""
    given = [files.gather(paths[m]) for m in ("curvatures", "averages", "curves")]
    pictures.save(point_and_box.draw(*given, pairs), **output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output, pairs=snakemake.params.study["pairs"])
