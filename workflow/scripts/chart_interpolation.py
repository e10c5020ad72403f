"""Draw the parametric plots of one network and one pair of regimes."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.charts import charts, pictures
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(plots, html, svg, png):
    """Draw the rows of the CSV files `plots`."""
    chart = charts.parametric_plots(files.gather(plots))
    pictures.save(chart, html, svg, png)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.input, **snakemake.output)
