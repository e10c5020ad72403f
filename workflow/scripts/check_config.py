"""Say what is wrong with a config before Snakemake starts: `make study` begins with it.

No rule's script. Snakemake reads config files before the Snakefile can look at them. It
would name no line, run the code in a template, and unfold what stands for gigabytes.
"""

import argparse
import sys

from sharpminima.config import layers, mistakes


def main(configfiles: list[str]) -> None:
    """Exit with the mistakes in the config of a study, if there are any.

    Args:
        configfiles: Files that change the `config.yaml` of the working directory.
    """
    if found := mistakes.in_files(layers.files_of(configfiles), {}):
        sys.exit("\n".join(found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configfile", nargs="+", default=[], help="of the study")
    main(parser.parse_args().configfile)
