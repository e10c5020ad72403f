"""Draw what one network's runs reach when they begin with kept iterates."""

from typing import TYPE_CHECKING

from sharpminima.charts import pictures, warm_start
from sharpminima.jobs import logs
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(runs, output, *, network, first, second):
    """Draw the rows of `network` in the CSV file `runs`."""
    rows = files.gather([runs])
    chart = warm_start.draw(rows[rows["network"] == network], first, second)
    pictures.save(chart, **output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        output=snakemake.output,
        network=snakemake.wildcards.network,
        **snakemake.params.study,
    )
