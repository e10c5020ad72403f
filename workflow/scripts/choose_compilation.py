"""Choose how the steps of one network are compiled, by trying each way."""

from typing import TYPE_CHECKING

from sharpminima import backend, compilation, logs
from sharpminima.cost import Job
from sharpminima.data import datasets
from sharpminima.training import trial

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(dataset, choice, cost, *, name, network, threads):
    """Write which way is the fastest for `network`, called `name`, and the cost."""
    job = Job("choose_compilation")
    backend.configure(threads)
    seconds = trial.seconds_of_each_way(network, *datasets.form(dataset))
    compilation.write(choice, seconds)
    identity = {"network": name, "dataset": network["dataset"]}
    job.write(cost, identity, device=backend.describe()["device"])


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.input,
        **snakemake.output,
        name=snakemake.wildcards.network,
        network={
            **snakemake.params.network,
            "file": snakemake.resources.get("builder_file"),
        },
        threads=snakemake.threads,
    )
