"""Say whether the results of a study are whole: `make verify`.

No rule's script: it asks Snakemake which files there should be, and runs nothing.
"""

import argparse
import collections
import csv
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from sharpminima.storage import digests, rows
from sharpminima.storage.faults import DamagedError

SNAKEFILE = Path(__file__).resolve().parents[2] / "Snakefile"
# What carries a digest, and what checks it.
CHECKS = {".h5": digests.check, ".csv": rows.read}


def main(configfiles: list[str], flags: list[str]) -> int:
    """Print which files of a study are damaged, and how many are missing or outdated.

    Args:
        configfiles: Files that change the `config.yaml` of the working directory.
        flags: Passed on to Snakemake, such as targets.

    Returns:
        The exit code: 1 if any file is.
    """
    files = summary(configfiles, flags)
    sealed = with_digest(files)
    damaged = [fault for fault in map(damage, sealed) if fault]
    pending = [file for file in files if file["plan"] != "no update"]
    kinds = collections.Counter((file["rule"], file["status"]) for file in pending)
    print(*damaged, sep="\n", end="\n" if damaged else "")
    for (rule, status), count in kinds.items():
        print(f"{rule}: {count} files, {status}")
    print(
        f"{len(sealed) - len(damaged)} files with a digest are whole, {len(damaged)} "
        f"are damaged. A run would make {len(pending)} files."
    )
    return 1 if damaged or pending else 0


def summary(configfiles, flags) -> list[dict[str, str]]:
    """Return what Snakemake says of each file, or exit with its message."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE)]
    command += ["--detailed-summary", "--nocolor", *flags]
    command += ["--configfile", *configfiles] if configfiles else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return list(csv.DictReader(done.stdout.splitlines(), delimiter="\t"))


def with_digest(files: Iterable[Mapping[str, str]]) -> list[Path]:
    """Return the existing files with a digest that jobs wrote or have read."""
    names = {file["output_file"] for file in files}
    # No rule makes a choice of compiling once it is there, but jobs have read it.
    names.update(name for file in files for name in file["input-file(s)"].split(","))
    paths = sorted(map(Path, names))
    return [path for path in paths if path.suffix in CHECKS and path.exists()]


def damage(path: Path) -> str:
    """Return what is wrong with a file and the way out, or nothing."""
    try:
        CHECKS[path.suffix](path)
    except (DamagedError, OSError) as error:
        return str(error)
    return ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configfile", nargs="+", default=[], help="of the study")
    known, rest = parser.parse_known_args()
    sys.exit(main(known.configfile, rest))
