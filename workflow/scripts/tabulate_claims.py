"""Tabulate which of the paper's claims this study reproduces."""

from typing import TYPE_CHECKING

from sharpminima import claims, logs, tables

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(files, output, *, networks, pair):
    """Judge the claims by the CSV files `files`, lists by the name of the table."""
    studied = {name: tables.gather(paths) for name, paths in files.items() if paths}
    table = claims.tabulate(studied, networks, pair)
    tables.write_for_readers(table, *output)


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(
        dict(snakemake.input.items()),
        snakemake.output.claims,
        networks=snakemake.params.study["networks"],
        pair=snakemake.params.study["pairs"][0],
    )
