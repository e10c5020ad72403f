"""Turn the recordings of a Festival voice into checked frames in one HDF5 file."""

import json
from typing import TYPE_CHECKING

from sharpminima import datasets, festvox, integrity, logs, rawfiles

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(output, *, name, dataset, folder, urls):
    """Write the frames of the catalogue entry `dataset`, called `name`, to `output`."""
    paths = rawfiles.locate(folder, dataset["files"], urls, festvox.OBTAIN)
    read = festvox.read(paths, classes=dataset["classes"], **dataset["options"])
    arrays = integrity.checked(*read, dataset)
    origin = {"source": name, "files": json.dumps(dataset["files"])}
    datasets.write(output, arrays, origin | {"copyright": festvox.COPYRIGHT})


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        snakemake.output[0],
        name=snakemake.wildcards.dataset,
        dataset=snakemake.params.dataset,
        folder=snakemake.resources.raw_folder,
        urls=snakemake.resources.raw_urls.split(),
    )
