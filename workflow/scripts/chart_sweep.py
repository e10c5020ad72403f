"""Draw what one network's runs reach against the batch size."""

from typing import TYPE_CHECKING

from sharpminima.charts import pictures, sweep
from sharpminima.jobs import logs
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(runs, thresholds, critical_batch, noise_scale, output, *, network):
    """Draw the rows of `network` in these CSV files.

    The last two are lists of a file, which are empty where the study has none.
    """

    def of_network(paths):
        table = files.gather(paths)
        return table[table["network"] == network]

    beside = (critical_batch, noise_scale)
    tables = [of_network(paths) if paths else None for paths in beside]
    chart = sweep.draw(of_network([runs]), of_network([thresholds]), *tables)
    pictures.save(chart, **output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        output=snakemake.output,
        network=snakemake.wildcards.network,
    )
