"""Tabulate which of the paper's claims this study reproduces."""

from typing import TYPE_CHECKING

from sharpminima.claims import claims
from sharpminima.jobs import logs
from sharpminima.tables import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(inputs, output, *, networks, pair):
    """Judge the claims by `inputs`: the CSV files of each table, by its name."""
    studied = {name: files.gather(paths) for name, paths in inputs.items() if paths}
    table = claims.tabulate(studied, networks, pair)
    files.write_for_readers(table, *output, digits=4)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        dict(snakemake.input.items()),
        snakemake.output,
        networks=snakemake.params.study["networks"],
        pair=snakemake.params.study["pairs"][0],
    )
