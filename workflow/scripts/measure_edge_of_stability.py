"""Measure the curvature of every iterate of a run beside what its optimizer bears."""

from typing import TYPE_CHECKING

from sharpminima import backend
from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import edge_of_stability
from sharpminima.measures.edge_of_stability import Optimizer
from sharpminima.networks import iterates, parameters
from sharpminima.regimes import batches
from sharpminima.storage.rows import identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, kept, settings, rows, cost):
    """Write a row for each iterate in `kept`, of the run that ended at `weights`."""
    origin = parameters.attributes(weights)
    values, measured = settings["training"], len(context.data.x_train)

    def batch_size(epoch):
        size = batches.batch_size(values, origin["train_examples"], epoch)
        # A measure may see fewer examples than training did.
        return min(size, measured)

    # A generator, so that one iterate at a time is in memory.
    points = (
        (
            epoch,
            context.checked(iterates.restore(kept, epoch, context.model)),
            Optimizer(values, iterates.optimizer_state(kept, epoch)),
            batch_size(epoch),
        )
        for epoch in iterates.epochs(kept)
    )
    with backend.enough_memory("evaluation.batch_size"):
        found = edge_of_stability.measure(
            *(context.loss, points, settings, origin["seed"]), context.step
        )
        context.write(rows, found, origin)
    context.write_cost(cost, identity_of_run(origin))


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        Context.of(snakemake),
        snakemake.input.weights,
        snakemake.input.kept,
        snakemake.params.edge_of_stability,
        **snakemake.output,
    )
