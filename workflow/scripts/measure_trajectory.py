"""Measure loss, accuracy and sharpness of every iterate that one run has kept."""

from typing import TYPE_CHECKING

from sharpminima import backend
from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import trajectory
from sharpminima.networks import iterates, parameters
from sharpminima.storage.rows import identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, kept, settings, rows, cost):
    """Write a row for each iterate in `kept`, of the run that ended at `weights`."""
    origin = parameters.attributes(weights)
    # A generator, so that one iterate at a time is in memory.
    points = (
        (epoch, context.checked(iterates.restore(kept, epoch, context.model)))
        for epoch in iterates.epochs(kept)
    )
    with backend.enough_memory("evaluation.batch_size"):
        found = trajectory.measure(
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
        snakemake.params.sharpness,
        **snakemake.output,
    )
