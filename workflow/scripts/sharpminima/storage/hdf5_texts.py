"""Read every attribute of the HDF5 file that the command line names, and end.

A process of its own does this (see `hdf5.check_attributes`): damaged text lets the
HDF5 library loop for ever, or crashes the process that reads it. Imports nothing of the
package.
"""

import sys

import h5py


def main(path: str) -> None:
    """Read the attributes of all objects in the file at `path`."""
    with h5py.File(path, "r", driver="sec2") as file:
        dict(file.attrs)
        file.visititems(lambda _, item: dict(item.attrs) and None)


if __name__ == "__main__":
    main(sys.argv[1])
