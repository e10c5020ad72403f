"""Draw what one network's runs reach that begin with kept iterates."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.charts import charts, pictures
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(runs, html, svg, png, *, network, first, second):
    """Draw the rows of the CSV file `runs` that are of `network`."""
    rows = files.gather([runs])
    chart = charts.warm_starts(rows[rows["network"] == network], first, second)
    pictures.save(chart, html, svg, png)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        **snakemake.output,
        network=snakemake.wildcards.network,
        **snakemake.params.study,
    )
