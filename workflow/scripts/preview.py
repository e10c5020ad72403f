"""Say what a study would run, and roughly for how long: `make preview`.

No rule's script: it asks Snakemake for a dry run, and runs nothing.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from snakemake.cli import parse_config

from sharpminima.config import layers, mistakes
from sharpminima.planning import preview
from sharpminima.planning.planned_time import Estimate, Past, rates, size_of
from sharpminima.regimes import derived

SNAKEFILE = Path(__file__).resolve().parents[2] / "Snakefile"


def main(
    cores: str, configfiles: list[str], settings: list[str], flags: list[str]
) -> None:
    """Print the preview of a study, or exit with the mistakes in its config.

    Args:
        cores: How many, or `all`.
        configfiles: Files that change the `config.yaml` of the working directory.
        settings: What `--config` takes, such as `study={seeds: [0]}`.
        flags: Passed on to Snakemake, such as targets.
    """
    files = layers.files_of(configfiles)
    try:
        given = parse_config(settings)
    except ValueError as error:
        sys.exit(f"--config: {error} Received: {' '.join(settings)}")
    if found := mistakes.in_files(files, given):
        sys.exit("\n".join(found))
    jobs = preview.jobs_of(dry_run(cores, configfiles, settings, flags))
    if not jobs:
        print("Nothing would run: everything is finished.")
        return
    config, stored = derived.with_derived(layers.of_files(files, given)), rates()
    sizes = sizes_of(config, {job["network"] for job in jobs if "network" in job})
    guess = Estimate(config, stored["seconds"], sizes, Past.of("results"))
    rows = preview.table(jobs, guess)
    print(preview.text(rows, os.cpu_count() if cores == "all" else int(cores)))
    print(preview.sources(stored))


def dry_run(cores, configfiles, settings, flags):
    """Return what Snakemake announces, or exit with its message if it refuses."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE)]
    command += ["--cores", cores, "--dry-run", "--nocolor", *flags]
    command += ["--configfile", *configfiles] if configfiles else []
    command += ["--config", *settings] if settings else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done.stdout + done.stderr


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
    parser.add_argument("--config", nargs="+", default=[], help="settings, NAME=VALUE")
    known, rest = parser.parse_known_args()
    main(known.cores, known.configfile, known.config, rest)
