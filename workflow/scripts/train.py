"""Train one network in one regime from one starting point."""

from typing import TYPE_CHECKING

from sharpminima import backend, compilation
from sharpminima.data import datasets
from sharpminima.jobs import interruption, logs, unfinished
from sharpminima.jobs.cost import Job
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks import flops, parameters
from sharpminima.networks.iterates import are_kept, keeping, restore
from sharpminima.storage import rows
from sharpminima.training import optimizer
from sharpminima.training.fit import fit
from sharpminima.training.outcome import outcome_of, work_of
from sharpminima.training.progress import Progress
from sharpminima.training.start import drawn_by_keras, starting_point

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(inputs, outputs, *, run, builder_file, threads, code, saved):
    """Train, then write the final weights, the history, the outcome and the cost.

    Args:
        inputs: `dataset`; `compiled`, the chosen way of compiling; and `warm_start`,
            another run's iterates to begin with, or nothing.
        outputs: `weights`, `history` (a row for each epoch), `outcome`, `cost`, and
            `iterates`, the ones that the run keeps.
        run: The config of this run: `identity`, `network`, `training`, `evaluation`,
            `subset` and a `digest` of all of them.
        builder_file: File of the network's own builder, or None.
        threads: Number of cores to use.
        code: Digest of the code that trains.
        saved: Folder of what the job has done before, and how often to save it.
    """
    job = Job("train")
    backend.configure(threads)
    compilation.use(inputs.compiled)
    data = backend.dataset_to_device(datasets.read(inputs.dataset, run["subset"]))
    network = {**run["network"], "file": builder_file}
    identity, settings = run["identity"], run["training"]
    # Step 1: start at x_0, or at an iterate of another run (Figure 5).
    model = starting_point(network, data, identity["seed"], settings["precision"])
    drawn = drawn_by_keras(model, network, data)
    # Penalties are in what updates minimise, and in none of the losses of the row.
    penalties = len(model.losses)
    if inputs.warm_start:
        restore(inputs.warm_start, settings["warm_start"]["epoch"], model)
    # Step 2: look for what an earlier process has left.
    parts = run, code, threads, backend.describe(), backend.device_names()
    key = unfinished.key_of(*parts, files=inputs)
    store, kept = (unfinished.Store(*saved, key) for _ in range(2))
    progress, keep = Progress(store), settings.get("iterates", [])
    if not are_kept(kept, keep, until=len(progress.history)):
        progress.forget()
    # Step 3: train, and keep iterates on the way (Figure 6).
    with backend.enough_memory("evaluation.batch_size", identity["regime"]):
        measured = MeasuredLoss(model, data, **run["evaluation"])
        made = optimizer.make(model, settings, len(data.x_train))
        history = fit(model, data, settings, measured, progress, made)
        beside = made if settings.get("optimizer_states") else None
        for _ in keeping(outputs.iterates, model, keep, history, kept, beside):
            pass
        epochs = progress.history
    # Step 4: write what the run reached.
    row = {
        **identity,
        **outcome_of(model, data, settings, measured, epochs),
        "builder": run["network"]["builder"],
        "drawn_by": "NumPy and Keras" if drawn else "NumPy",
        "penalties": penalties,
        "batch_norm": run["evaluation"]["batch_norm"],
        "threads": threads,
        **backend.describe(),
    }
    # Without the seconds, so that the same run makes the same file.
    origin = {name: value for name, value in row.items() if name != "seconds"}
    parameters.save(outputs.weights, model, {**origin, "config_digest": run["digest"]})
    rows.write(outputs.history, [{**epoch, **identity} for epoch in epochs])
    rows.write(outputs.outcome, [row])
    job.write(
        outputs.cost,
        identity,
        device=row["device"],
        work=work_of(data, settings, epochs) + measured.work,
        flops_per_example=flops.per_example(model),
    )
    store.remove()


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    interruption.watch()
    main(
        snakemake.input,
        snakemake.output,
        run=snakemake.params.run,
        builder_file=snakemake.resources.get("builder_file"),
        threads=snakemake.threads,
        code=snakemake.params.code,
        saved=unfinished.place(snakemake),
    )
