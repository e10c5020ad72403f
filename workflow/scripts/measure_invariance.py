"""Measure one checkpoint again at points that give the same function."""

from typing import TYPE_CHECKING

from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import invariance
from sharpminima.networks import rescalings
from sharpminima.storage.rows import DIVERGED, identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, settings, rows, cost):
    """Write the rows of all forms of the checkpoint `weights`, and their cost."""

    def measure(point, seed):
        forms = rescalings.forms(
            *(context.model, point, settings["forms"]),
            moments=context.loss.moments(point),
            factor=settings["factor"],
            seed=seed,
        )
        given = context.loss, point, forms, settings, seed
        return invariance.measure(*given, context.step)

    def not_measured(seed):
        return invariance.not_measured(settings, seed, DIVERGED)

    found, origin = context.at_checkpoint(weights, measure, not_measured)
    context.write(rows, found, origin)
    context.write_cost(cost, identity_of_run(origin))


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        Context.of(snakemake),
        snakemake.input.weights,
        snakemake.params.invariance,
        **snakemake.output,
    )
