"""Draw the sharpness of one network's iterates against their loss."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.charts import charts, pictures
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(rows, html, svg, png, *, regimes):
    """Draw the rows of the CSV files `rows`."""
    chart = charts.trajectories(files.gather(rows), regimes)
    pictures.save(chart, html, svg, png)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        snakemake.input,
        **snakemake.output,
        regimes=snakemake.params.study["regimes"],
    )
