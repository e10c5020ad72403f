"""Train one network in one regime from one starting point."""

from typing import TYPE_CHECKING

import pandas as pd

from sharpminima import backend, compilation, logs
from sharpminima.cost import Job
from sharpminima.data import datasets
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks import flops, parameters
from sharpminima.networks.iterates import keeping, restore
from sharpminima.training import fit as training

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(
    dataset,
    compiled,
    warm_start,
    weights,
    history,
    outcome,
    iterates,
    cost,
    *,
    run,
    builder_file,
    threads,
):
    """Write final weights, one row of history an epoch, outcome and cost of a run.

    `iterates` is written with those that the run keeps, if any; `warm_start` is such a
    file of another run, to begin with, or empty.

    `run` holds the config that makes this run: its identity, network, training,
    evaluation and a digest of all of them; `builder_file` is where the network's own
    builder lies, or None.
    """
    job = Job("train")
    backend.configure(threads)
    compilation.use(compiled)
    data = backend.on_device(datasets.read(dataset, run["subset"]))
    network = {**run["network"], "file": builder_file}
    settings, seed = run["training"], run["identity"]["seed"]
    model = training.starting_point(network, data, seed, settings["precision"])
    if warm_start:
        restore(warm_start, settings["warm_start"]["epoch"], model)
    with backend.enough_memory(
        f"the batch of regime {run['identity']['regime']}, or evaluation.batch_size"
    ):
        evaluation = MeasuredLoss(model, data, **run["evaluation"])
        epochs = training.fit(model, data, settings, evaluation)
        keep = settings.get("iterates", [])
        rows = list(keeping(iterates, model, keep, epochs))
    row = {
        **run["identity"],
        **training.outcome(model, data, settings, evaluation, rows),
        "builder": run["network"]["builder"],
        "batch_norm": run["evaluation"]["batch_norm"],
        "threads": threads,
        **backend.describe(),
    }
    # Without the time it took: the same run makes the same file.
    made = {name: value for name, value in row.items() if name != "seconds"}
    parameters.save(weights, model, {**made, "config_digest": run["digest"]})
    pd.DataFrame(rows).assign(**run["identity"]).to_csv(history, index=False)
    pd.DataFrame([row]).to_csv(outcome, index=False)
    job.write(
        cost,
        run["identity"],
        device=row["device"],
        work=training.work(data, settings, rows) + evaluation.work,
        flops_per_example=flops.per_example(model),
    )


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        **snakemake.output,
        run=snakemake.params.run,
        builder_file=snakemake.resources.get("builder_file"),
        threads=snakemake.threads,
    )
