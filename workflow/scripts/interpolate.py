"""Evaluate the paths between two checkpoints of one seed, and their distances."""

from typing import TYPE_CHECKING

import pandas as pd

from sharpminima import (
    datasets,
    interpolation,
    logs,
    parameters,
    runs,
    training,
    versions,
)
from sharpminima import tensorflow_backend as backend
from sharpminima.evaluation import EvaluationNetwork

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(
    dataset, first, second, plot, distances, *, network, settings, evaluation, threads
):
    """Write the rows of both parametric plots, and the row of distances."""
    backend.configure(threads)
    origins = [parameters.attributes(path) for path in (first, second)]
    seed = origins[0]["seed"]
    data = datasets.read(dataset)
    model = training.starting_point(network, data, seed)
    function = EvaluationNetwork(model, data, **evaluation)
    initial = parameters.flatten(model.trainable_variables)
    ends, averages = [], []
    for path in (first, second):
        ends.append(parameters.restore(path, model))
        averages.append(function.moving_averages())

    identity = {
        "network": origins[0]["network"],
        "dataset": origins[0]["dataset"],
        "first": origins[0]["regime"],
        "second": origins[1]["regime"],
        "seed": seed,
        "status": runs.pair_status(origins),
        **backend.describe(),
        **versions.installed(),
    }

    def evaluate(x, alpha):
        moving = function.interpolated_averages(*averages, alpha)
        return function.measures(x, moving)

    rows = [
        {**identity, **row}
        for path in interpolation.PATHS
        for row in interpolation.along(
            path, evaluate, *ends, interpolation.alphas(**settings["alphas"])
        )
    ]
    pd.DataFrame(rows).to_csv(plot, index=False)
    row = {**identity, **interpolation.distances(initial, *ends)}
    pd.DataFrame([row]).to_csv(distances, index=False)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        **snakemake.output,
        network=snakemake.params.network,
        settings=snakemake.params.interpolation,
        evaluation=snakemake.params.evaluation,
        threads=snakemake.threads,
    )
