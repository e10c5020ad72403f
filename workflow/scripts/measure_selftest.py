"""Compute closed forms of the measures on the backend at hand."""

from typing import TYPE_CHECKING

from sharpminima import backend
from sharpminima.jobs import logs
from sharpminima.selftest import closed_forms
from sharpminima.storage import rows

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(threads, path):
    """Write a row for each check as the CSV file `path`."""
    backend.configure(threads)
    rows.write(path, closed_forms.rows())


if __name__ == "__main__":
    logs.write_to(snakemake.log[0])
    main(snakemake.threads, snakemake.output[0])
