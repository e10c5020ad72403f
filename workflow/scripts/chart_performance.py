"""Draw when larger batches pay on one network."""

from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.charts import charts, pictures
from sharpminima.tables import files
from sharpminima.tables.performance import compare

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(histories, outcomes, html, svg, png, *, settings, first):
    """Draw the runs of the CSV files `histories` and `outcomes` against `first`."""
    epochs, runs = files.gather(histories), files.gather(outcomes)
    table = compare(epochs, runs, first=first, **settings)
    efficiencies = settings["parallel_efficiency"]
    chart = charts.iterations_by_batch(table, runs, efficiencies)
    pictures.save(chart, html, svg, png)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        **snakemake.output,
        settings=snakemake.params.performance,
        first=snakemake.params.study["pairs"][0][0],
    )
