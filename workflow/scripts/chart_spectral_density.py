"""Draw how the eigenvalues of one network's Hessians are spread."""

from typing import TYPE_CHECKING

from sharpminima.charts import pictures, spectral_density
from sharpminima.jobs import logs
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(paths, output, *, regimes):
    """Draw the CSV files `paths`, one per run."""
    chart = spectral_density.draw(files.gather(paths), regimes)
    pictures.save(chart, **output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, snakemake.output, regimes=snakemake.params.study["regimes"])
