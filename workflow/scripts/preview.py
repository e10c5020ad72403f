"""Say what a study would run, and roughly for how long: `make preview`.

No rule's script: it asks Snakemake for a dry run, and runs nothing.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from sharpminima.config import layers
from sharpminima.planning import preview
from sharpminima.planning.planned_time import Estimate, Past, rates, size_of
from sharpminima.regimes import derived

PROJECT = Path(__file__).resolve().parents[2]
SNAKEFILE, DEFAULTS = PROJECT / "Snakefile", PROJECT / "config.yaml"


def main(cores: str, configfiles: list[str], flags: list[str]) -> None:
    """Print the preview of a study.

    Args:
        cores: How many, or `all`.
        configfiles: Files that change the `config.yaml` of the working directory.
        flags: Passed on to Snakemake, such as targets.
    """
    jobs = preview.jobs_of(dry_run(cores, configfiles, flags))
    if not jobs:
        print("Nothing would run: everything is finished.")
        return
    config, stored = merged([DEFAULTS, "config.yaml", *configfiles]), rates()
    sizes = sizes_of(config, {job["network"] for job in jobs if "network" in job})
    guess = Estimate(config, stored["seconds"], sizes, Past.of("results"))
    rows = preview.table(jobs, guess)
    print(preview.text(rows, os.cpu_count() if cores == "all" else int(cores)))
    print(preview.sources(stored))


def dry_run(cores, configfiles, flags):
    """Return what Snakemake announces, or exit with its message if it refuses."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE)]
    command += ["--cores", cores, "--dry-run", "--nocolor", *flags]
    command += ["--configfile", *configfiles] if configfiles else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done.stdout + done.stderr


def merged(paths):
    """Return the config that the Snakefile makes of the files in `paths` that exist."""
    files = [
        (path.absolute().parent, load_configfile(path))
        for path in filter(Path.exists, map(Path, paths))
    ]
    config = {}
    for _, content in files:
        update_config(config, content)
    return derived.with_derived(layers.complete(config, reversed(files)))


def sizes_of(config, names):
    """Return the sizes of the networks called `names`, as Keras knows them."""
    if not names:
        return {}
    os.environ["KERAS_BACKEND"] = config["backend"]
    # Keras loads here: it takes seconds, and there may be nothing to ask.
    from sharpminima import backend as _  # noqa: F401

    datasets = {name: config["networks"][name]["dataset"] for name in names}
    return {
        name: size_of(config, name, f"results/data/{datasets[name]}.h5")
        for name in names
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cores", default="all", help="how many jobs side by side")
    parser.add_argument("--configfile", nargs="+", default=[], help="of the study")
    known, rest = parser.parse_known_args()
    main(known.cores, known.configfile, rest)
