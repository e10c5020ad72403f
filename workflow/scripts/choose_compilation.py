"""Choose how to compile the steps of one network, by timing each way."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from sharpminima import backend, compilation
from sharpminima.data import datasets
from sharpminima.jobs import logs
from sharpminima.jobs.cost import Job
from sharpminima.networks import size
from sharpminima.networks.builders import build
from sharpminima.training import trial

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(dataset, choice, cost, *, identity, network, threads):
    """Time each way of compiling; write the choice and the cost.

    Args:
        dataset: The prepared dataset, for its shapes.
        choice: The file of the choice, and the digest of what it is made for.
        cost: The file of this job's cost, and of the network's size.
        identity: Names of the network and its dataset.
        network: Its entry in the config, with the `file` of its own builder or None.
        threads: Number of cores to use.
    """
    job = Job("choose_compilation")
    backend.configure(threads)
    input_shape, classes = datasets.form(dataset)
    seconds = trial.seconds_of_each_way(network, input_shape, classes)
    compilation.write(*choice, trial.chosen(seconds))
    # The time that later jobs ask for follows from the size.
    model = build(network, input_shape=input_shape, classes=classes)
    identity = {**identity, **asdict(size.of(model))}
    job.write(cost, identity, device=backend.describe()["device"])


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    network = snakemake.params.network
    main(
        snakemake.input.dataset,
        (snakemake.resources.choice, snakemake.params.compiled_for["digest"]),
        snakemake.output.cost,
        identity={
            "network": snakemake.wildcards.network,
            "dataset": network["dataset"],
        },
        network={**network, "file": snakemake.resources.get("builder_file")},
        threads=snakemake.threads,
    )
