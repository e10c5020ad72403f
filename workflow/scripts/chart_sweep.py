"""Draw what one network's runs reach against the batch size."""

from typing import TYPE_CHECKING

from sharpminima.charts import pictures, sweep
from sharpminima.jobs import logs
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(runs, thresholds, output, *, network):
    """Draw the rows of `network` in the CSV files `runs` and `thresholds`."""
    tables = [files.gather([path]) for path in (runs, thresholds)]
    chart = sweep.draw(*(table[table["network"] == network] for table in tables))
    pictures.save(chart, **output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        output=snakemake.output,
        network=snakemake.wildcards.network,
    )
