"""Measure the sharpness of one checkpoint after a descent, at one epsilon."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import matched
from sharpminima.measures.maximisers import Minimum
from sharpminima.storage.rows import DIVERGED, identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, search, target, epsilon, rows, cost):
    """Write the rows of the checkpoint `weights`, without values if the run diverged.

    `search` says how to search (see `Study.search`), and `target` how far to descend.
    """
    how = search, target, [epsilon]

    def measure(point, seed):
        # Both the descent and the searches move the parameters. The averages stay the
        # checkpoint's, unless the policy computes them anew.
        f = context.loss.at_averages(point.averages)
        checkpoint = Minimum(point.parameters, *f(point.parameters))
        return matched.measure(f, checkpoint, *how, seed, context.step)

    def not_measured(seed):
        return matched.not_measured(*how, seed, DIVERGED)

    found, origin = context.at_checkpoint(weights, measure, not_measured)
    context.write(rows, found, origin)
    context.write_cost(cost, identity_of_run(origin))


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        Context.of(snakemake),
        snakemake.input.weights,
        snakemake.params.sharpness,
        snakemake.params.target,
        float(snakemake.wildcards.epsilon),
        **snakemake.output,
    )
