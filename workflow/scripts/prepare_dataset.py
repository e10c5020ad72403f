"""Turn a dataset's raw files into checked arrays in one HDF5 file."""

import json
from typing import TYPE_CHECKING

from sharpminima.data import datasets, raw_files
from sharpminima.data.readers import registry
from sharpminima.jobs import logs
from sharpminima.jobs.cost import Job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(arrays, cost, *, name, dataset, folder, urls):
    """Write arrays and cost of `dataset`, the entry `name` of the catalogue."""
    job = Job("prepare_dataset")
    paths = raw_files.locate(folder, dataset["files"], urls)
    loaded = registry.load(paths, reader=dataset["reader"], declared=dataset)
    origin = {"source": name, "files": json.dumps(dataset["files"])}
    datasets.write(arrays, loaded, origin)
    job.write(cost, {"dataset": name})


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        **snakemake.output,
        name=snakemake.wildcards.dataset,
        dataset=snakemake.params.dataset,
        folder=snakemake.resources.raw_folder,
        urls=snakemake.resources.raw_urls.split(),
    )
