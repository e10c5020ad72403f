"""Measure the sharpness of one checkpoint against epsilon."""

from typing import TYPE_CHECKING

from sharpminima import backend, logs
from sharpminima.loss.context import Context
from sharpminima.measures import curve
from sharpminima.measures.maximisers import Minimum
from sharpminima.networks import parameters
from sharpminima.rows import DIVERGED, identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, settings, rows, cost):
    """Write the curve of the checkpoint `weights`, without values if it diverged."""
    origin = parameters.attributes(weights)
    with backend.enough_memory("evaluation.batch_size"):
        if origin["status"] == DIVERGED:
            found = curve.not_measured(settings)
        else:
            point = parameters.restore(weights, context.model)
            loss, _, gradient = context.loss.loss_accuracy_and_gradient(point)
            minimum = Minimum(point.parameters, loss, gradient)
            f = context.loss.at_averages(point.averages)
            found = curve.measure(f, minimum, settings)
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
