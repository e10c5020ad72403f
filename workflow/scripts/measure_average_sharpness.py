"""Measure the average-case sharpness of one checkpoint at one epsilon."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import average_sharpness
from sharpminima.networks.parameters import Point
from sharpminima.storage.rows import identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, settings, row, cost):
    """Write the row of the checkpoint `weights`, without values if the run diverged."""

    def measure(point, seed):
        # The parameters move, and batch normalisation keeps the checkpoint's averages.
        def loss(x):
            return context.loss.loss_and_accuracy(Point(x, point.averages), "train")[0]

        given = loss, point.parameters, settings, seed
        return [average_sharpness.measure(*given, context.step)]

    def not_measured(seed):
        return [average_sharpness.not_measured(settings)]

    found, origin = context.at_checkpoint(weights, measure, not_measured)
    context.write(row, found, origin)
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
