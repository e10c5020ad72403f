"""Draw the sharpness of one network's runs against epsilon."""

from typing import TYPE_CHECKING

from sharpminima.charts import curve, pictures
from sharpminima.jobs import logs
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output, *, regimes, pairs):
    """Draw the CSV files `paths`, one per run."""
    chart = curve.draw(files.gather(paths), regimes, pairs)
    pictures.save(chart, **output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output, **snakemake.params.study)
