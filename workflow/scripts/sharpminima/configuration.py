"""The config: closed schema, references that a schema cannot express, plain messages.

Everything wrong is found before any job runs, and said at once, a line each: the key,
the rule, what was received. Knows nothing of Keras, nor of Snakemake.
"""

import difflib
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import yaml

from sharpminima import batches, networks

SCHEMA = Path(__file__).resolve().parents[2] / "schemas/config.schema.yaml"


def without_nulls(config):
    """Return `config` without the keys whose value is null.

    Snakemake merges a study's file into `config.yaml` key by key: null is how such a
    file takes a setting away.
    """
    if not isinstance(config, dict):
        return config
    return {k: without_nulls(v) for k, v in config.items() if v is not None}


def mistakes(config: dict) -> list[str]:
    """Return what is wrong with `config`, one line a mistake; empty if nothing is.

    References are checked as far as the sections that they join are of the right form.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(config)
    lines = {line for error in errors for line in _lines(error)}
    for check in (_bad_study, _bad_networks, _bad_batches, _bad_rules):
        try:
            lines |= set(check(config))
        except (AttributeError, KeyError, TypeError):
            if not lines:
                raise
    return sorted(lines)


def _lines(error) -> Iterator[str]:
    """Yield the mistakes behind one schema error, in the user's words."""
    where, received = _path(error.absolute_path), error.instance
    match error.validator:
        case "additionalProperties":
            allowed = sorted(error.schema["properties"])
            for key in sorted(set(received) - set(allowed)):
                yield (
                    f"{_join(where, key)}: unknown key{_suggestion(key, allowed)}. "
                    f"Allowed: {', '.join(allowed)}"
                )
        case "required":
            for key in sorted(set(error.validator_value) - set(received)):
                yield f"{_join(where, key)}: required, but missing"
        case "pattern":
            yield f"{where}: must match {error.validator_value}. Received: {received!r}"
        case "uniqueItems":
            twice = [x for i, x in enumerate(received) if x in received[:i]]
            yield f"{where}: must not name anything twice. Received twice: {twice[0]!r}"
        case "oneOf":
            names = [choice["required"][0] for choice in error.validator_value]
            given = [name for name in names if name in received]
            yield (
                f"{where}: needs exactly one of {', '.join(names)}. "
                f"Received: {', '.join(given) or 'none'}"
                + (" (set the other one to null)" if given else "")
            )
        case _:
            hint = _hint(error)
            yield f"{where}: must be {_rule(error)}. Received: {received!r}{hint}"


def _rule(error):
    value = error.validator_value
    if error.validator == "enum":
        return f"one of {', '.join(map(str, value))}"
    return {
        "type": f"of type {value}",
        "minimum": f"at least {value}",
        "maximum": f"at most {value}",
        "exclusiveMinimum": f"above {value}",
        "exclusiveMaximum": f"below {value}",
        "minItems": f"a list of at least {value}",
        "maxItems": f"a list of at most {value}",
        "minLength": "a text that is not empty",
        "minProperties": "a mapping that is not empty",
    }[error.validator]


def _hint(error):
    """Explain numbers that YAML took for text."""
    if error.validator == "type" and isinstance(error.instance, str):
        try:
            number = float(error.instance)
        except ValueError:
            return ""
        return f" (text to YAML: write {number!r}, with a point and without quotes)"
    return ""


def _path(parts) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".") or "config"


def _join(where, key):
    return key if where == "config" else f"{where}.{key}"


def _suggestion(key, allowed):
    close = difflib.get_close_matches(str(key), allowed, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _bad_study(config) -> Iterator[str]:
    study = config["study"]
    for section in ("networks", "regimes"):
        for i, name in enumerate(study[section]):
            yield from _unknown(f"study.{section}[{i}]", name, config[section])
    for i, pair in enumerate(study["pairs"]):
        for j, regime in enumerate(pair):
            yield from _unknown(f"study.pairs[{i}][{j}]", regime, study["regimes"])


def _bad_networks(config) -> Iterator[str]:
    for name, network in config["networks"].items():
        where = f"networks.{name}"
        yield from _unknown(f"{where}.dataset", network["dataset"], config["datasets"])
        yield from _unknown(f"{where}.builder", network["builder"], networks.BUILDERS)
        if network["builder"] in networks.BUILDERS:
            yield from _bad_options(where, network)


def _unknown(where, name, known) -> Iterator[str]:
    if name not in known:
        yield (
            f"{where}: unknown name{_suggestion(name, known)}. "
            f"Allowed: {', '.join(sorted(known))}. Received: {name!r}"
        )


def _bad_options(where, network) -> Iterator[str]:
    """Compare a network's options with what its builder takes."""
    wanted, given = networks.options(network["builder"]), network["options"]
    for key in sorted(set(given) - set(wanted)):
        yield (
            f"{where}.options.{key}: unknown key{_suggestion(key, wanted)}. "
            f"Allowed: {', '.join(sorted(wanted))}"
        )
    for key, kind in wanted.items():
        if key not in given:
            yield f"{where}.options.{key}: required, but missing"
        elif type(given[key]) is not kind or (kind is int and given[key] < 1):
            yield (
                f"{where}.options.{key}: must be of type {kind.__name__}, at least 1. "
                f"Received: {given[key]!r}"
            )


def _bad_batches(config) -> Iterator[str]:
    """Try each regime of the study on each network's declared training set."""
    for name in config["study"]["networks"]:
        network = config["networks"].get(name, {})
        dataset = config["datasets"].get(network.get("dataset"))
        for regime in config["study"]["regimes"]:
            if dataset and regime in config["regimes"]:
                settings = {**config["training"], **config["regimes"][regime]}
                try:
                    batches.batch_size(settings, dataset["train_examples"])
                except ValueError as error:
                    yield f"regimes.{regime}, on network {name}: {error}"


def _bad_rules(config) -> Iterator[str]:
    stopping, sharpness = config["training"]["stopping"], config["sharpness"]
    if stopping["min_epochs"] > stopping["max_epochs"]:
        yield (
            "training.stopping.min_epochs: must be at most max_epochs, "
            f"{stopping['max_epochs']}. Received: {stopping['min_epochs']}"
        )
    subspace = sharpness["subspace"]
    if not (sharpness["full"]["starts"] or (subspace["draws"] and subspace["starts"])):
        yield "sharpness: needs at least one start, in the full space or in subspaces"
