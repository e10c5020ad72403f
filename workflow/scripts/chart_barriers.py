"""Draw the loss between minima of one network, of one regime and of two."""

from typing import TYPE_CHECKING

from sharpminima.charts import barriers, pictures
from sharpminima.jobs import logs
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output):
    """Draw the CSV files `paths`, one per seed and pair of seeds."""
    chart = barriers.draw(files.gather(paths))
    pictures.save(chart, **output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output)
