"""Draw the surfaces of one network, pair of regimes and seed."""

from typing import TYPE_CHECKING

from sharpminima.charts import pictures, surface
from sharpminima.jobs import logs
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(points, places, output):
    """Draw the CSV file `points`, and the marks of the CSV file `places`."""
    chart = surface.draw(files.gather([points]), files.gather([places]))
    pictures.save(chart, **output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input.points, snakemake.input.places, snakemake.output)
