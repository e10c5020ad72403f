"""Turn the recordings of a Festival voice into checked frames in one HDF5 file."""

import json
from typing import TYPE_CHECKING

from sharpminima import logs
from sharpminima.cost import Job
from sharpminima.data import datasets, integrity, raw_files
from sharpminima.data.readers import festvox

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(arrays, cost, *, name, dataset, folder, urls):
    """Write frames and cost of the catalogue entry `dataset`, called `name`."""
    job = Job("prepare_speech")
    paths = raw_files.locate(folder, dataset["files"], urls, festvox.OBTAIN)
    read = festvox.read(paths, classes=dataset["classes"], **dataset["options"])
    frames = integrity.checked(*read, dataset)
    origin = {"source": name, "files": json.dumps(dataset["files"])}
    datasets.write(arrays, frames, origin | {"copyright": festvox.COPYRIGHT})
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
