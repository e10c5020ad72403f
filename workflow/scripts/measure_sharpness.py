"""Measure the sharpness of one checkpoint, in every space."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import sharpness
from sharpminima.measures.maximisers import Minimum
from sharpminima.storage.rows import DIVERGED, identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, settings, epsilons, cost, **spaces):
    """Write the rows of Metric 2.1 of the checkpoint `weights`, and their cost.

    `settings` say how to search (see `Study.search`). `spaces` has the files of each
    space, one for each of `epsilons`.
    """

    def measure(point, seed):
        loss, accuracy, gradient = context.loss.loss_accuracy_and_gradient(point)
        # Every search needs this loss and gradient, so they are computed once.
        minimum = Minimum(point.parameters, loss, gradient)
        f = context.loss.at_averages(point.averages)
        for row in sharpness.measure(
            *(f, minimum, settings, epsilons, seed), context.step
        ):
            yield {"train_accuracy": accuracy, **row}

    def not_measured(seed):
        return sharpness.not_measured(settings, epsilons, seed, DIVERGED)

    found, origin = context.at_checkpoint(weights, measure, not_measured)
    for space, paths in spaces.items():
        for epsilon, path in zip(epsilons, paths, strict=True):
            which = (space, epsilon)
            rows = [row for row in found if (row["space"], row["epsilon"]) == which]
            context.write(path, rows, origin)
    context.write_cost(cost, identity_of_run(origin))


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        Context.of(snakemake),
        snakemake.input.weights,
        snakemake.params.sharpness,
        snakemake.params.epsilons,
        **snakemake.output,
    )
