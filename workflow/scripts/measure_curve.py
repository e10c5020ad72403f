"""Measure the sharpness of one checkpoint against epsilon."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import curve
from sharpminima.measures.maximisers import Minimum
from sharpminima.storage.rows import identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, settings, rows, cost):
    """Write the curve of the checkpoint `weights`, without values if it diverged."""

    def measure(point, seed):
        f = context.loss.at_averages(point.averages)
        minimum = Minimum(point.parameters, *f(point.parameters))
        return curve.measure(f, minimum, settings, context.step)

    def not_measured(seed):
        return curve.not_measured(settings)

    found, origin = context.at_checkpoint(weights, measure, not_measured)
    context.write(rows, found, origin)
    context.write_cost(cost, identity_of_run(origin))


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        Context.of(snakemake),
        snakemake.input.weights,
        snakemake.params.curve,
        **snakemake.output,
    )
