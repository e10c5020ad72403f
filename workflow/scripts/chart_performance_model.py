"""Draw when larger batches pay on one network."""

from typing import TYPE_CHECKING

from sharpminima.charts import performance_model, pictures
from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.performance_model import tabulate

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(histories, outcomes, output, *, first, settings):
    """Draw the runs of the CSV files `histories` and `outcomes` against `first`."""
    epochs, runs = files.gather(histories), files.gather(outcomes)
    table = tabulate(epochs, runs, first=first, **settings)
    chart = performance_model.draw(table, runs, settings["parallel_efficiency"])
    pictures.save(chart, **output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        output=snakemake.output,
        first=snakemake.params.study["pairs"][0][0],
        settings=snakemake.params.performance_model,
    )
