"""Take over one checkpoint that was trained elsewhere."""

from typing import TYPE_CHECKING

from sharpminima import backend
from sharpminima.jobs import logs
from sharpminima.loss import adoption
from sharpminima.loss.context import Context
from sharpminima.networks import parameters
from sharpminima.storage import rows
from sharpminima.storage.rows import identity_of_run

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(context, checkpoint, path, columns, outputs):
    """Write the weights of a checkpoint, its outcome and the cost.

    Args:
        context: The measuring job, set up for the checkpoint's network.
        checkpoint: What the config says of it (see `Study.checkpoint`).
        path: The user's file, which is only read.
        columns: What the job knows of it: network, dataset, regime (the checkpoint's
            name), seed, `batch_norm` and `threads`.
        outputs: `weights`, `outcome` and `cost`.
    """
    data = context.data
    with backend.enough_memory("evaluation.batch_size"):
        point, softmax = adoption.restore(
            path, context.model, data, whole=checkpoint["whole"]
        )
        row = {
            **columns,
            **adoption.outcome(point, data, context.loss),
            "builder": context.network["builder"],
            "file": checkpoint["file"],
            "sha256": checkpoint["sha256"],
            "softmax_taken_off": softmax,
            **context.made_with,
        }
    # Which versions trained it is not known.
    made = {**row, "versions": row["variant"]}
    parameters.save(outputs.weights, context.model, made)
    rows.write(outputs.outcome, [row])
    context.write_cost(outputs.cost, identity_of_run(row))


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    network, checkpoint = snakemake.params.network, snakemake.params.checkpoint
    main(
        Context.of(snakemake),
        checkpoint,
        snakemake.resources.checkpoint_file,
        {
            "network": snakemake.wildcards.network,
            "dataset": network["dataset"],
            "regime": snakemake.wildcards.regime,
            "seed": checkpoint["seed"],
            "batch_norm": snakemake.params.evaluation["batch_norm"],
            "threads": snakemake.threads,
        },
        snakemake.output,
    )
