"""Turn the recordings of a Festival voice into checked frames in one HDF5 file."""

import json
from typing import TYPE_CHECKING

from sharpminima.data import datasets, integrity, raw_files
from sharpminima.data.readers import festvox
from sharpminima.jobs import logs
from sharpminima.jobs.cost import Job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(arrays, cost, *, name, dataset, folder, urls):
    """Write frames and cost of `dataset`, the entry `name` of the catalogue."""
    job = Job("prepare_speech")
    try:
        paths = raw_files.locate(folder, dataset["files"], urls)
    except FileNotFoundError as error:
        error.add_note(
            "This is Debian's package festvox-ru. On Debian, run there, as any user,\n"
            "  apt-get download festvox-ru\n"
            "Elsewhere, find it on the web, among Debian's packages."
        )
        raise
    options = dataset["options"] | {"classes": dataset["classes"]}
    read = festvox.read(paths, dataset, **options)
    frames = integrity.checked(*read, dataset)
    origin = {"source": name, "files": json.dumps(dataset["files"])}
    datasets.write(arrays, frames, origin | {"copyright": festvox.COPYRIGHT})
    job.write(cost, {"dataset": name})


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    festvox.require_libraries()
    main(
        **snakemake.output,
        name=snakemake.wildcards.dataset,
        dataset=snakemake.params.dataset,
        folder=snakemake.resources.raw_folder,
        urls=snakemake.resources.raw_urls.split(),
    )
