"""Measure the sharpness of one checkpoint: every space, epsilon and start."""

from typing import TYPE_CHECKING

import pandas as pd

from sharpminima import backend, compilation, logs
from sharpminima.cost import Job
from sharpminima.data import datasets
from sharpminima.loss.measured import EvaluationNetwork
from sharpminima.measures import sharpness
from sharpminima.networks import builders, flops, parameters
from sharpminima.rows import CARRIED, DIVERGED, IDENTITY

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(
    dataset,
    compiled,
    weights,
    searches,
    cost,
    *,
    network,
    settings,
    evaluation,
    subset,
    threads,
):
    """Write the rows of Metric 2.1 of the checkpoint `weights`, and their cost."""
    job = Job("measure_sharpness")
    backend.configure(threads)
    compilation.use(compiled)
    origin = parameters.attributes(weights)
    data = backend.on_device(datasets.read(dataset, subset))
    model = builders.for_dataset(network, data)
    x = parameters.restore(weights, model)
    function = EvaluationNetwork(model, data, **evaluation)
    carried = {name: origin[name] for name in CARRIED}
    carried["batch_norm"] = evaluation["batch_norm"]
    carried["measure_examples"] = len(data.x_train)
    made_with = {**backend.describe(), "trained_with": origin["versions"]}
    with backend.enough_memory("evaluation.batch_size"):
        if origin["status"] == DIVERGED:
            rows = sharpness.not_measured(settings, origin["seed"], DIVERGED)
        else:
            loss, carried["train_accuracy"], gradient = (
                function.loss_accuracy_and_gradient(x)
            )
            minimum = sharpness.Minimum(x, loss, gradient)
            f = function.loss_and_gradient
            rows = sharpness.measure(f, minimum, settings, origin["seed"])
        table = pd.DataFrame([{**carried, **row, **made_with} for row in rows])
    table.to_csv(searches, index=False)
    job.write(
        cost,
        {name: origin[name] for name in IDENTITY},
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
        settings=snakemake.params.sharpness,
        evaluation=snakemake.params.evaluation,
        subset=snakemake.params.subset,
        threads=snakemake.threads,
    )
