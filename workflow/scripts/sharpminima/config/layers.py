"""Layers: turn the files that Snakemake merged into one complete config."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sharpminima.config import schema
from sharpminima.networks import signatures

Layer = tuple[Path, Mapping]  # the folder that paths start from, and the content


def complete(config: Mapping, layers: Iterable[Layer]) -> dict:
    """Return the config that a study runs with.

    Keys set to null are gone, missing options of networks are `{}`, and the files of
    builders have absolute paths.

    Args:
        config: The merged config, which may be malformed.
        layers: What was merged, the last one first. Read only if a builder is a file.
    """
    config = without_nulls(config)
    # What is no mapping stays as it is: the schema reports it.
    networks = {
        name: {**network, "options": network.get("options", {})}
        if isinstance(network, Mapping)
        else network
        for name, network in _networks(config).items()
    }
    if networks:
        config = {**config, "networks": networks}
    return _anchored(config, layers)


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
    """Return `config` with the files of builders as absolute paths.

    A relative path starts at the folder of the last config file that names the builder.
    """
    networks = dict(_networks(config))
    own = [name for name in networks if signatures.path_of(_builder(config, name))]
    # A config that came through a pipe cannot be read twice.
    layers = list(layers) if own else []
    for name in own:
        path, _, function = networks[name]["builder"].rpartition(":")
        folders = [folder for folder, layer in layers if _builder(layer, name)]
        folder = folders[0] if folders else Path.cwd()
        builder = f"{folder / Path(path).expanduser()}:{function}"
        networks[name] = {**networks[name], "builder": builder}
    return {**config, "networks": networks} if own else config


def _networks(config):
    networks = config.get("networks") if isinstance(config, Mapping) else None
    return networks if isinstance(networks, Mapping) else {}


def _builder(config, name):
    network = _networks(config).get(name)
    return network.get("builder") if isinstance(network, Mapping) else None
