"""Check the catalogue: datasets with their files, networks with their options."""

import ast
import math
import re
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path

from sharpminima.config import layers, schema, sizes
from sharpminima.config.study import Study
from sharpminima.config.wording import REQUIRED, Mistake, unknown_key, unknown_name
from sharpminima.data.readers import idx
from sharpminima.networks import builders, signatures

RESOURCES = schema.WORKFLOW / "resources"
READERS = Path(idx.__file__).parent
FILE = re.compile(r"[^\W_][\w .-]*")  # the name of a user's file with a builder
SPEECH = ("festvox", "kaldi")  # the readers that take options
# Files that a reader opens by these names. Its archives may have any name.
NEEDED_FILES = {
    "kaldi": [
        f"{split}/{kind}.scp"
        for split in ("train", "test")
        for kind in ("feats", "pdf")
    ]
}


def known_networks(config: Mapping) -> Iterator[tuple[str, Mapping]]:
    """Yield each network of the study and its dataset, where the catalogue has both."""
    for name in Study(config).networks:
        if config["networks"].get(name, {}).get("dataset") in config["datasets"]:
            yield name, sizes.dataset_of(config, name)


def raw_folder(config: Mapping) -> Iterator[Mistake]:
    """Yield the folder of raw files if it is none."""
    given = config["raw_folder"]
    folder = layers.at_home(given)
    try:
        reason = "" if folder.is_dir() or not folder.exists() else ", a file"
    except OSError as error:
        reason = f" ({error.strerror})"
    if reason:
        yield "raw_folder", f"must be a folder. Received: {given!r}{reason}"


def datasets(config: Mapping) -> Iterator[Mistake]:
    """Yield datasets whose files, options or classes do not suit their reader."""
    for name, dataset in config["datasets"].items():
        where, reader = f"datasets.{name}", dataset["reader"]
        yield from _files(f"{where}.files", dataset)
        # The readers' options have no defaults, so all of them must be given.
        wanted, given = _options_of(reader), set(dataset.get("options", {}))
        for key in given - wanted:
            yield f"{where}.options.{key}", f"unknown to reader {reader}"
        for key in wanted - given:
            yield f"{where}.options.{key}", REQUIRED
        if "scaled" in dataset and reader != "arrays":
            yield f"{where}.scaled", f"unknown to reader {reader}"
        # This reader makes its classes, so they cannot be inferred from the labels.
        if reader == "festvox" and "classes" not in dataset:
            yield f"{where}.classes", REQUIRED
        if dataset.get("bundled") and not (RESOURCES / name).is_dir():
            yield f"{where}.bundled", f"there is no folder workflow/resources/{name}"


def networks(config: Mapping) -> Iterator[Mistake]:
    """Yield networks of unknown datasets or builders, or with unsuitable options."""
    for name, network in config["networks"].items():
        where = f"networks.{name}"
        builder, given = network["builder"], network["options"]
        # What is wrong with a checkpoint is said there.
        if config.get("checkpoints", {}).get(name, {}).get("file") == builder:
            continue
        yield from unknown_name(
            f"{where}.dataset", network["dataset"], config["datasets"]
        )
        ours = builder in builders.BUILDERS
        path = signatures.path_of(builder)
        if path and (rule := _broken_rule_of_file(path)):
            yield f"{where}.builder", f"{rule}. Received: {builder!r}"
            continue
        # Without a builder, there are no options to compare with.
        if not ours and not path:
            known = [*builders.BUILDERS, signatures.FORM, signatures.MODEL]
            yield from unknown_name(f"{where}.builder", builder, known)
            continue
        try:
            taken = signatures.options(builder)
        except ValueError as error:
            yield f"{where}.builder", str(error)
        else:
            # Our builders take layers and units. Others may take any number.
            least = 1 if ours else -math.inf
            yield from _options(f"{where}.options", given, taken, least)


def checkpoints(config: Mapping) -> Iterator[Mistake]:
    """Yield checkpoints whose file, name, network or dataset cannot be used."""
    for name, checkpoint in config.get("checkpoints", {}).items():
        where, file = f"checkpoints.{name}", checkpoint["file"]
        rule = _broken_rule_of_file(file)
        if not rule and not file.endswith(signatures.WHOLE_MODELS):
            rule = "must be a .keras, .h5 or .weights.h5 file"
        if rule:
            yield f"{where}.file", f"{rule}. Received: {file!r}"
        if name in config["regimes"]:
            yield where, "a regime has this name. Choose another one"
        network = checkpoint.get("network")
        if network is None:
            yield where, "a network has this name. Choose another one, or say `network`"
            continue
        yield from unknown_name(f"{where}.network", network, config["networks"])
        # The network that the checkpoint itself makes.
        own = config["networks"].get(network, {}).get("builder") == file
        if own and not signatures.is_saved_model(file):
            rule = "must be left out for weights alone, which need a `network`"
            yield f"{where}.dataset", rule
        elif own:
            dataset = config["networks"][network]["dataset"]
            yield from unknown_name(f"{where}.dataset", dataset, config["datasets"])


CHECKS = (raw_folder, datasets, networks, checkpoints)


def _broken_rule_of_file(file):
    """Return the rule that the path of a user's file breaks, or an empty text."""
    # It stands in tables, and spreadsheets take =, +, - and @ for formulas.
    if not FILE.fullmatch(Path(file).name):
        rule = "must name a file of letters, digits, `_`, `-`, `.` and spaces"
        return f"{rule}, with a letter or digit first"
    # A file of code is read, and gives its own reasons.
    if not file.endswith(".py") and not Path(file).is_file():
        return "must name a file that exists, from the folder of the config file"
    return ""


def _files(where, dataset):
    files = dataset["files"]
    match dataset["reader"]:
        case "idx":
            try:
                idx.roles(files)
            except ValueError as error:
                yield where, str(error)
        case "festvox" if len(files) != 1:
            yield where, f"must be one file, the package. Received: {len(files)}"
        case reader:
            for name in NEEDED_FILES.get(reader, []):
                if name not in files:
                    yield f"{where}.{name}", REQUIRED


def _options_of(reader):
    """Return the names of the options that `reader` takes.

    They are the keyword-only arguments of the reader's `read`. Only `classes` has a key
    of its own. The module is only parsed, since its libraries may be missing here.
    """
    if reader not in SPEECH:
        return set()
    tree = ast.parse((READERS / f"{reader}.py").read_text(encoding="utf-8"))
    (read,) = (
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == "read"
    )
    return {argument.arg for argument in read.args.kwonlyargs} - {"classes"}


def _options(where, given, taken, least):
    """Compare the options given for a network with those that its builder takes."""
    for key in set(given) - set(taken.kinds):
        yield f"{where}.{key}", unknown_key(key, taken.kinds)
    for key, kind in taken.kinds.items():
        if key in given:
            if rule := _broken_rule(given[key], kind, least):
                yield f"{where}.{key}", f"{rule}. Received: {given[key]!r}"
        elif key not in taken.optional:
            yield f"{where}.{key}", REQUIRED


def _broken_rule(value, kind, least):
    """Return the rule that `value` breaks, or an empty text if it breaks none.

    Args:
        value: The option's value in the config.
        kind: The type in the builder's signature: a `Literal`, a type, or None.
        least: The smallest number allowed.
    """
    if kind is None:
        return ""
    if choices := typing.get_args(kind):
        allowed = ", ".join(map(str, choices))
        return "" if value in choices else f"must be one of {allowed}"
    # YAML's `true` is an int in Python, and `2` may stand for the float 2.0.
    fits = type(value) in ((int, float) if kind is float else (kind,))
    if fits and (kind in (bool, str) or value >= least):
        return ""
    limit = "" if least == -math.inf else f", at least {least}"
    return f"must be of type {kind.__name__}{limit}"
