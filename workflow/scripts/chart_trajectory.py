"""Draw the sharpness of one network's iterates against their loss."""

from typing import TYPE_CHECKING

from sharpminima.charts import pictures, trajectory
from sharpminima.jobs import logs
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output, *, regimes):
    """Draw the CSV files `paths`, one per run."""
    chart = trajectory.draw(files.gather(paths), regimes)
    pictures.save(chart, **output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output, regimes=snakemake.params.study["regimes"])
