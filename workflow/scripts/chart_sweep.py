"""Draw what one network's runs reach against the batch size."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.charts import charts, pictures
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(runs, thresholds, html, svg, png, *, network):
    """Draw the rows of the CSV files `runs` and `thresholds` that are of `network`."""
    of_network = [
        table[table["network"] == network]
        for table in map(files.gather, ([runs], [thresholds]))
    ]
    chart = charts.batch_sizes(*of_network)
    pictures.save(chart, html, svg, png)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        **snakemake.output,
        network=snakemake.wildcards.network,
    )
