"""Measure the average-case sharpness of one checkpoint at one epsilon."""

from typing import TYPE_CHECKING

from sharpminima import backend, logs
from sharpminima.loss.context import Context
from sharpminima.measures import average_sharpness
from sharpminima.networks import parameters
from sharpminima.networks.parameters import Point
from sharpminima.rows import DIVERGED, identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, settings, row, cost):
    """Write the row of the checkpoint `weights`, without values if the run diverged."""
    origin = parameters.attributes(weights)
    if origin["status"] == DIVERGED:
        found = average_sharpness.not_measured(settings)
    else:
        point = parameters.restore(weights, context.model)

        # The parameters move, and batch normalisation keeps the checkpoint's averages.
        def loss(x):
            return context.loss.loss_and_accuracy(Point(x, point.averages), "train")[0]

        with backend.enough_memory("evaluation.batch_size"):
            seed = origin["seed"]
            found = average_sharpness.measure(loss, point.parameters, settings, seed)
    context.write(row, [found], origin)
    context.write_cost(cost, identity_of_run(origin))


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    epsilon = float(snakemake.wildcards.epsilon)
    main(
        Context.of(snakemake),
        snakemake.input.weights,
        {"epsilon": epsilon, **snakemake.params.average_sharpness},
        **snakemake.output,
    )
