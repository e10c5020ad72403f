"""Layers: turn the files that Snakemake merged into one complete config."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from sharpminima.config import reading, schema
from sharpminima.networks import signatures

DEFAULTS = schema.WORKFLOW.parent / "config.yaml"  # the project's own
WHOLE = re.compile(r"[-+]?\d{1,18}")
DECIMAL = re.compile(r"[-+]?(\d+\.\d*|\.?\d+)([eE][-+]?\d+)?")
WORDS = {"true": True, "false": False, "null": None, "~": None}
# The key of a user's file or folder, in the entries of each section that has any.
PATHS = {"networks": "builder", "checkpoints": "file", "datasets": "folder"}
WHOLE_MODEL = {"file", "dataset"}  # the keys of a checkpoint that is one
Layer = tuple[Path, Mapping]  # the folder that paths start from, and the content


def files_of(study: Iterable[str | Path]) -> list[Path]:
    """Return the config files that Snakemake merges, in order: all that there are.

    Args:
        study: The files of `--configfile`. They come after the `config.yaml` of the
            working directory, if it has one, and the project's own.
    """
    here = Path("config.yaml")
    return [DEFAULTS, *([here] if here.exists() else []), *map(Path, study)]


def of_files(paths: Iterable[str | Path], given: Mapping) -> dict:
    """Return the config that the Snakefile makes of config files and `--config`.

    Args:
        paths: The files, the last one wins. Each can be read: see `reading.mistakes`.
        given: What Snakemake made of `--config`.
    """
    read = [(Path(path).absolute().parent, reading.read(path)) for path in paths]
    read.append((Path.cwd(), retyped(given)))
    merged = reading.merged(content for _, content in read)
    return complete(merged, reversed(read))


def complete(config: Mapping, layers: Iterable[Layer]) -> dict:
    """Return the config that a study runs with.

    Keys set to null are gone, and missing options of networks are `{}`. Files of
    builders and checkpoints, and folders of datasets, have absolute paths. A checkpoint
    that is a whole model has a network of its own name.

    Args:
        config: The merged config, which may be malformed.
        layers: What was merged, the last one first. Read only if a path needs it.
    """
    config = without_nulls(config)
    # What is no mapping stays as it is: the schema reports it.
    networks = {
        name: {**network, "options": network.get("options", {})}
        if isinstance(network, Mapping)
        else network
        for name, network in _entries(config, "networks").items()
    }
    if networks:
        config = {**config, "networks": networks}
    return _with_networks(_anchored(config, layers))


def retyped(given):
    """Return what `--config` gave, with the numbers that Snakemake leaves as text.

    Snakemake reads each value inside a mapping or list of the command line as if it
    stood in quotes. A name that looks like a number would be none in a config file.

    Args:
        given: The mapping that Snakemake made of the command line, or a value in it.
    """
    match given:
        case Mapping():
            return {key: retyped(value) for key, value in given.items()}
        case list():
            return [retyped(value) for value in given]
        case str() if WHOLE.fullmatch(given):
            return int(given)
        case str() if DECIMAL.fullmatch(given):
            return float(given)
        case str():
            return WORDS.get(given.lower(), given)
    return given


def at_home(path: str) -> Path:
    """Return `path`, with the home folder of a user who exists in place of `~`."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def without_nulls(config, where: str = ""):
    """Return `config` without the keys that are set to null.

    Snakemake merges a study's file into `config.yaml` key by key. Null is how such a
    file removes a key. An old name of a key stays, so that it is refused even then.

    Args:
        config: The config, or a value in it.
        where: Path of that value, with a dot at its end.
    """
    if not isinstance(config, Mapping):
        return config
    return {
        key: without_nulls(value, f"{where}{key}.")
        for key, value in config.items()
        if value is not None or f"{where}{key}" in schema.RENAMED
    }


def _anchored(config, layers):
    """Return `config` with the users' files and folders as absolute paths.

    A relative path starts at the folder of the last config file that names it.
    """
    named = [
        (section, name)
        for section in PATHS
        for name in _entries(config, section)
        if _path(config, section, name)
    ]
    # A config that came through a pipe cannot be read twice.
    layers = list(layers) if named else []
    for section, name in named:
        path = _path(config, section, name)
        # Any builder that a file names, be it Keras' or ours, replaces another one.
        folders = [folder for folder, layer in layers if _value(layer, section, name)]
        folder = folders[0] if folders else Path.cwd()
        # What follows the path of a builder is its function.
        rest = _value(config, section, name).removeprefix(path)
        entry = {
            **config[section][name],
            PATHS[section]: f"{folder / at_home(path)}{rest}",
        }
        config = {**config, section: {**config[section], name: entry}}
    return config


def _with_networks(config):
    """Return `config` with a network for each checkpoint that is a whole model.

    A catalogue may have a network of this name. The check of checkpoints reports it.
    """
    networks = dict(_entries(config, "networks"))
    checkpoints = dict(_entries(config, "checkpoints"))
    for name, checkpoint in checkpoints.items():
        # An entry may state the network's memory, and nothing else.
        given = networks.get(name, {})
        whole = isinstance(checkpoint, Mapping) and set(checkpoint) == WHOLE_MODEL
        if whole and isinstance(given, Mapping) and "builder" not in given:
            dataset, file = checkpoint["dataset"], checkpoint["file"]
            networks[name] = {"dataset": dataset, "builder": file, "options": {}}
            networks[name] |= given
            checkpoints[name] = {"file": file, "network": name}
    if not checkpoints:
        return config
    return {**config, "networks": networks, "checkpoints": checkpoints}


def _entries(config, section):
    """Return a section that has entries by name; empty if it is malformed."""
    entries = config.get(section) if isinstance(config, Mapping) else None
    return entries if isinstance(entries, Mapping) else {}


def _value(config, section, name):
    entry = _entries(config, section).get(name)
    return entry.get(PATHS[section]) if isinstance(entry, Mapping) else None


def _path(config, section, name):
    """Return the path of a file or folder that an entry names, or None."""
    value = _value(config, section, name)
    if section == "networks":
        return signatures.path_of(value)
    return value if isinstance(value, str) else None
