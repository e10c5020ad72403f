"""Check a config against its schema, and turn each schema error into a sentence."""

import functools
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema
import yaml

from sharpminima.config import wording
from sharpminima.config.wording import Mistake

WORKFLOW = Path(__file__).resolve().parents[3]
SCHEMA = WORKFLOW / "schemas/config.schema.yaml"
# Old keys and their new names: an old config gets the new name, not a list of keys.
RENAMED = {
    "study.remedies": "study.further_regimes",
    "performance": "performance_model",
    "sharpness.full.starts": "sharpness.full.lbfgsb",
    "sharpness.subspace.starts": "sharpness.subspace.lbfgsb",
}
TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a finite number",
    "object": "a mapping",
    "string": "text",
}


# JSON Schema takes 10.0 for an integer and lets NaN pass. Here neither is allowed.
Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: type(value) is int,
            "number": lambda _, value: (
                type(value) in (int, float) and math.isfinite(value)
            ),
        }
    ),
)


@functools.cache
def load() -> dict:
    """Return the schema of the config."""
    return yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))


def mistakes(config: Mapping) -> set[Mistake]:
    """Return what the schema forbids in `config`."""
    errors = Validator(load()).iter_errors(config)
    return {mistake for error in errors for mistake in _mistakes_of(error)}


def _mistakes_of(error) -> Iterator[Mistake]:
    """Yield the mistakes behind one schema error."""
    where, received = _path(error.absolute_path), error.instance
    match error.validator:
        case "additionalProperties" | "unevaluatedProperties":
            allowed = _properties(error.schema)
            for key in set(received) - allowed:
                path = _join(where, key)
                yield path, _unknown(path, key, allowed, error.schema.get("title"))
        case "required":
            for key in set(error.validator_value) - set(received):
                yield _join(where, key), wording.REQUIRED
        case "pattern":
            rule = f"must match {error.validator_value}"
            yield where, f"{rule}. Received: {received!r}"
        case "uniqueItems":
            twice = next(x for i, x in enumerate(received) if x in received[:i])
            yield where, f"must not name anything twice. Received twice: {twice!r}"
        case "oneOf" if not isinstance(received, dict):
            return  # "must be a mapping" is reported already
        case "oneOf":
            # Each choice requires one key, so the keys given tell which choices hold.
            names = [choice["required"][0] for choice in error.validator_value]
            given = [name for name in names if name in received]
            way_out = " (set the other one to null)" if given else ""
            yield (
                where,
                f"needs exactly one of {', '.join(names)}. "
                f"Received: {', '.join(given) or 'none'}{way_out}",
            )
        case _:
            hint = _hint(error)
            yield where, f"must be {_rule(error)}. Received: {received!r}{hint}"


def _properties(schema):
    """Return the keys that `schema` allows, with the keys of the one it extends."""
    names = set(schema["properties"])
    if extended := schema.get("$ref"):
        names |= _properties(load()["$defs"][extended.removeprefix("#/$defs/")])
    return names


def _unknown(path, key, allowed, title):
    if path in RENAMED:
        return f"renamed to {RENAMED[path]}"
    # A schema's title says whose keys these are: `unknown to schedule step`.
    message = wording.unknown_key(key, allowed)
    return message.replace("unknown key", f"unknown to {title}") if title else message


def _rule(error):
    value = error.validator_value
    if error.validator == "enum":
        return f"one of {', '.join(map(str, value))}"
    if error.validator == "type":
        return TYPES[value]
    return {
        "minimum": f"at least {value}",
        "maximum": f"at most {value}",
        "exclusiveMinimum": f"above {value}",
        "exclusiveMaximum": f"below {value}",
        "minItems": f"a list of at least {value}",
        "maxItems": f"a list of at most {value}",
        "minLength": "text that is not empty",
        "minProperties": "a mapping that is not empty",
    }[error.validator]


def _hint(error):
    """Return how to write a number that YAML reads as text, such as 1e-3."""
    wanted = error.validator_value
    if wanted not in ("integer", "number") or not isinstance(error.instance, str):
        return ""
    # YAML 1.1 takes 1e-3, which lacks a point, for text.
    try:
        number = float(error.instance)
    except ValueError:
        return ""
    if wanted == "integer" and number.is_integer():
        return f" (YAML reads this as text: write {int(number)}, without quotes)"
    return (
        f" (YAML reads this as text: write {number!r}, with a point and without quotes)"
    )


def _path(parts) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".") or "config"


def _join(where, key):
    return key if where == "config" else f"{where}.{key}"
