"""Measure the gradient noise scale of one run, at its end or at its kept iterates."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sharpminima import backend
from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import noise_scale
from sharpminima.networks import iterates, parameters
from sharpminima.storage.rows import identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, weights, kept, settings, rows, cost):
    """Write the rows of the checkpoint `weights`, or of each iterate in `kept`."""
    examples, gradients = len(context.data.x_train), context.loss.gradients_of_batches()

    def measure(point, seed):
        given = partial(gradients, point), examples, settings, seed
        return noise_scale.measure(*given, context.step)

    def not_measured(seed):
        return noise_scale.not_measured(settings)

    def at_iterates(seed):
        for epoch in iterates.epochs(kept):
            point = context.checked(iterates.restore(kept, epoch, context.model))
            # A run that diverged has no numbers in its last iterates.
            sound = np.isfinite(point.parameters).all()
            for row in measure(point, seed) if sound else not_measured(seed):
                yield {"epoch": epoch, **row}

    if kept:
        origin = parameters.attributes(weights)
        with backend.enough_memory("evaluation.batch_size"):
            found = list(at_iterates(origin["seed"]))
    else:
        found, origin = context.at_checkpoint(weights, measure, not_measured)
        found = [{"epoch": "last", **row} for row in found]
    # Whatever the policy is elsewhere, here each batch has its own moments.
    context.write(rows, [{**row, "batch_norm": "batch"} for row in found], origin)
    context.write_cost(cost, identity_of_run(origin))


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        Context.of(snakemake),
        snakemake.input.weights,
        snakemake.input.kept,
        snakemake.params.noise_scale,
        **snakemake.output,
    )
