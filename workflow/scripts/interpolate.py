"""Evaluate the paths between two checkpoints of one seed, and their distances."""

from typing import TYPE_CHECKING

import pandas as pd

from sharpminima import backend, compilation, logs
from sharpminima.cost import Job
from sharpminima.data import datasets
from sharpminima.loss.measured import EvaluationNetwork
from sharpminima.measures import interpolation
from sharpminima.networks import flops, parameters
from sharpminima.rows import IDENTITY_OF_PAIR, identity_of_pair
from sharpminima.training.start import starting_point

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(
    dataset,
    compiled,
    first,
    second,
    plot,
    distances,
    cost,
    *,
    network,
    settings,
    evaluation,
    subset,
    threads,
):
    """Write the rows of both parametric plots, of the distances and of the cost."""
    job = Job("interpolate")
    backend.configure(threads)
    compilation.use(compiled)
    origins = [parameters.attributes(path) for path in (first, second)]
    data = backend.on_device(datasets.read(dataset, subset))
    model = starting_point(network, data, origins[0]["seed"])
    function = EvaluationNetwork(model, data, **evaluation)
    initial = parameters.flatten(model.trainable_variables)
    start = parameters.restore(first, model), function.moving_averages()
    end = parameters.restore(second, model), function.moving_averages()

    between = function.between(start[0], end[0])

    def measures(first, second, alpha):
        averages = function.interpolated_averages(start[1], end[1], alpha)
        return between(first, second, averages)

    alphas = interpolation.alphas(**settings["alphas"])
    with backend.enough_memory("evaluation.batch_size"):
        rows = list(interpolation.plots(measures, alphas))
    sizes = {
        "measure_examples": len(data.x_train),
        "test_examples": len(data.x_test),
    }
    identity, made_with = identity_of_pair(origins), backend.describe()
    carried = {**identity, **sizes, **made_with}
    pd.DataFrame(rows).assign(**carried).to_csv(plot, index=False)
    row = interpolation.distances(initial, start[0], end[0])
    pd.DataFrame([row]).assign(**carried).to_csv(distances, index=False)
    job.write(
        cost,
        {name: identity[name] for name in IDENTITY_OF_PAIR},
        device=made_with["device"],
        work=function.work,
        flops_per_example=flops.per_example(model),
    )


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        **snakemake.output,
        network={
            **snakemake.params.network,
            "file": snakemake.resources.get("builder_file"),
        },
        settings=snakemake.params.interpolation,
        evaluation=snakemake.params.evaluation,
        subset=snakemake.params.subset,
        threads=snakemake.threads,
    )
