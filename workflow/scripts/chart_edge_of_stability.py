"""Draw the curvature of one network's iterates beside what the optimizer bears."""

from typing import TYPE_CHECKING

from sharpminima.charts import edge_of_stability, pictures
from sharpminima.jobs import logs
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output, *, regimes):
    """Draw the CSV files `paths`, one per run."""
    chart = edge_of_stability.draw(files.gather(paths), regimes)
    pictures.save(chart, **output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output, regimes=snakemake.params.study["regimes"])
