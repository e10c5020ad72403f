"""Tabulate the critical batch size of each network of the sweep."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.tables import files
from sharpminima.tables.experiments import critical_batch

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(outcomes, histories, output, *, train_loss):
    """Fit the updates that the runs of these CSV files take to `train_loss`."""
    tables = files.gather(outcomes), files.gather(histories)
    table = critical_batch.tabulate(*tables, train_loss)
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        output=snakemake.output,
        **snakemake.params.critical_batch,
    )
