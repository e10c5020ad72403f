"""Measure loss, accuracy and sharpness of every iterate that one run has kept."""

from typing import TYPE_CHECKING

import pandas as pd

from sharpminima import backend, compilation, logs
from sharpminima.cost import Job
from sharpminima.data import datasets
from sharpminima.loss.measured import EvaluationNetwork
from sharpminima.measures import trajectory
from sharpminima.networks import builders, flops, iterates, parameters
from sharpminima.rows import CARRIED, IDENTITY

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(
    dataset,
    compiled,
    weights,
    kept,
    rows,
    cost,
    *,
    network,
    settings,
    evaluation,
    subset,
    threads,
):
    """Write a row for each iterate in `kept`, of the run that ended at `weights`."""
    job = Job("measure_trajectory")
    backend.configure(threads)
    compilation.use(compiled)
    origin = parameters.attributes(weights)
    data = backend.on_device(datasets.read(dataset, subset))
    model = builders.for_dataset(network, data)
    function = EvaluationNetwork(model, data, **evaluation)
    carried = {name: origin[name] for name in CARRIED}
    carried["batch_norm"] = evaluation["batch_norm"]
    carried["measure_examples"] = len(data.x_train)
    made_with = {**backend.describe(), "trained_with": origin["versions"]}
    points = (
        (epoch, iterates.restore(kept, epoch, model)) for epoch in iterates.epochs(kept)
    )
    with backend.enough_memory("evaluation.batch_size"):
        measured = trajectory.measure(function, points, settings, origin["seed"])
        table = pd.DataFrame([{**carried, **row, **made_with} for row in measured])
    table.to_csv(rows, index=False)
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
