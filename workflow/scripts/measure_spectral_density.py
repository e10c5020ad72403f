"""Measure how the eigenvalues of the Hessian are spread at one checkpoint."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import spectral_density
from sharpminima.storage.rows import identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, settings, rows, cost):
    """Write the rows of the checkpoint `weights`, without values if it diverged."""

    def measure(point, seed):
        product = context.loss.products(point).hessian
        given = product, len(point.parameters), settings, seed
        return spectral_density.measure(*given, context.step)

    def not_measured(seed):
        return spectral_density.not_measured()

    found, origin = context.at_checkpoint(weights, measure, not_measured)
    context.write(rows, found, origin)
    context.write_cost(cost, identity_of_run(origin))


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        Context.of(snakemake),
        snakemake.input.weights,
        snakemake.params.spectral_density,
        **snakemake.output,
    )
