"""Measure checkpoints of your own: `make measure CHECKPOINT=model.keras DATA=data.npz`.

No rule's script: it writes a config that names them, and runs the workflow with it.
"""

import argparse
import os
import sys
from pathlib import Path

import yaml

from sharpminima.config import layers, mistakes
from sharpminima.jobs import logs

SNAKEFILE = Path(__file__).resolve().parents[2] / "Snakefile"


def main(checkpoints, data, *, builder, scaled, configfiles, flags):
    """Write the config and run the workflow, or exit with what is wrong.

    Args:
        checkpoints: Files of whole models; or of weights, with a builder.
        data: A file with the four arrays.
        builder: `FILE.py:FUNCTION`, or None.
        scaled: Whether to divide unsigned bytes by 255; None to let the model tell.
        configfiles: Files that change the config that is written.
        flags: Passed on to Snakemake.
    """
    # Keras loads here, and reports its devices.
    with logs.native_output_muted():
        from sharpminima.planning import checkpoints as planned
    try:
        config, said = planned.layer(checkpoints, data, builder=builder, scaled=scaled)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    print(*said, sep="\n")
    results = Path(config["pathvars"]["results"])
    written = results / "config.yaml"
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    print(
        f"Config: {written}. Results: {results}/tables and {results}/charts", flush=True
    )
    files = [str(written), *configfiles]
    if found := mistakes.in_files(layers.files_of(files), {}):
        sys.exit("\n".join(found))
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(SNAKEFILE)]
    os.execv(sys.executable, [*command, "--configfile", *files, *flags])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", nargs="+", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--builder", help="FILE.py:FUNCTION")
    parser.add_argument("--scaled", choices=["yes", "no"], help="bytes by 255")
    parser.add_argument("--configfile", nargs="+", default=[], help="changes more")
    known, rest = parser.parse_known_args()
    main(
        known.checkpoint,
        known.data,
        builder=known.builder,
        scaled=known.scaled and known.scaled == "yes",
        configfiles=known.configfile,
        flags=rest,
    )
