"""Measure the curvature of the loss at one checkpoint."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import curvature
from sharpminima.networks.parameters import parts
from sharpminima.storage.rows import identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, settings, rows, cost):
    """Write the rows of the checkpoint `weights`, without values if it diverged."""

    def measure(point, seed):
        given = context.loss.products(point), parts(context.model), settings, seed
        return curvature.measure(*given, context.step)

    def not_measured(seed):
        return curvature.not_measured()

    found, origin = context.at_checkpoint(weights, measure, not_measured)
    context.write(rows, found, origin)
    context.write_cost(cost, identity_of_run(origin))


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        Context.of(snakemake),
        snakemake.input.weights,
        snakemake.params.curvature,
        **snakemake.output,
    )
