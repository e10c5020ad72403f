"""Measure loss and accuracy on the paths between two checkpoints of one seed."""

from typing import TYPE_CHECKING

import numpy as np

from sharpminima import backend
from sharpminima.jobs import logs
from sharpminima.loss.context import Context
from sharpminima.measures import interpolation
from sharpminima.networks import parameters
from sharpminima.storage import rows
from sharpminima.storage.rows import ELSEWHERE, IDENTITY_OF_PAIR
from sharpminima.training.start import starting_point

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, pair, settings, plot, distances, cost):
    """Write the rows of both parametric plots, the distances and the cost.

    `pair` has the paths of two checkpoints.
    """
    origins = [parameters.attributes(path) for path in pair]
    restored = (parameters.restore(path, context.model) for path in pair)
    start, end = map(context.checked, restored)
    alphas = interpolation.alphas(**settings["alphas"])
    with backend.enough_memory("evaluation.batch_size"):
        measures = context.loss.mixture((start, end))
        points = list(interpolation.plots(measures, alphas, context.step))
    seed = origins[0]["seed"]
    if ELSEWHERE in {origin["variant"] for origin in origins}:
        # Nobody knows where training elsewhere began.
        x_0 = np.full_like(start.parameters, np.nan)
    else:
        # No checkpoint has x_0, but the seed makes it again.
        untrained = starting_point(context.network, context.data, seed)
        x_0 = parameters.flatten(untrained.trainable_variables)
    lengths = interpolation.distances(x_0, start.parameters, end.parameters)
    carried = context.columns_of_pair(origins)
    rows.write(plot, [{**point, **carried} for point in points])
    rows.write(distances, [{**lengths, **carried}])
    context.write_cost(cost, {name: carried[name] for name in IDENTITY_OF_PAIR})


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        Context.of(snakemake),
        (snakemake.input.first, snakemake.input.second),
        snakemake.params.interpolation,
        **snakemake.output,
    )
