"""Check a config against its schema, and turn each schema error into a sentence."""

import functools
import itertools
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema
import numpy as np
import yaml

from sharpminima.config import limits, wording
from sharpminima.config.wording import Mistake

SMALLEST_STEP = 1e-7  # about the least that float32 can add to 1
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


# Numbers that mean something to JSON and nothing to a network.
FORMATS = {
    "float32": "a number that float32 tells from 0, 1 and infinity",
    "epsilon": f"a number from {SMALLEST_STEP:g} to 1000, which float32 can add to 1",
}
formats = jsonschema.FormatChecker(formats=())


@formats.checks("float32")
def _is_kept_by_float32(value) -> bool:
    # What is no number has a mistake of its own.
    if not _is_number(value) or value in (0, 1):
        return True
    with np.errstate(over="ignore", under="ignore"):
        kept = np.float32(value)
    return kept != 1 and np.finfo(np.float32).tiny < abs(kept) < math.inf


@formats.checks("epsilon")
def _is_epsilon(value) -> bool:
    return not _is_number(value) or SMALLEST_STEP <= value <= 1000


def _is_number(value):
    return type(value) in (int, float) and math.isfinite(value)


def _pattern(validator, pattern, instance, schema):
    """Yield an error unless a text matches `pattern`, to its very end."""
    # In Python, a line break may follow what `$` matches.
    exact = re.sub(r"\$$", r"\\Z", pattern)
    if validator.is_type(instance, "string") and not re.search(exact, instance):
        yield jsonschema.ValidationError("")


# JSON Schema takes 10.0 for an integer and lets NaN pass. Here neither is allowed.
Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    validators={"pattern": _pattern},
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: type(value) is int,
            "number": lambda _, value: _is_number(value),
        }
    ),
)


@functools.cache
def load() -> dict:
    """Return the schema of the config."""
    return yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))


def mistakes(config: Mapping) -> set[Mistake]:
    """Return what the schema forbids in `config`: all of it, or more than is shown."""
    errors = Validator(load(), format_checker=formats).iter_errors(config)
    some = itertools.islice(errors, limits.LINES + 1)
    return {mistake for error in some for mistake in _mistakes_of(error)}


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
            yield where, f"must be {error.schema['title']}. Received: {received!r}"
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
    if error.validator == "format":
        return FORMATS[value]
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
        "maxLength": f"text of at most {value} characters",
        "minProperties": "a mapping that is not empty",
    }[error.validator]


def _hint(error):
    """Return how to write what YAML reads as something else."""
    wanted, given = error.validator_value, error.instance
    match given:
        case str() if wanted in ("integer", "number"):
            return _hint_for_number(given, wanted)
        case str() if wanted == "boolean" and given.lower() in ("true", "false"):
            return f" (YAML reads this as text: write {given.lower()}, without quotes)"
        case bool():
            quotes = ": write quotes" if wanted == "string" else ""
            return f" (YAML reads yes, no, on and off as truth values{quotes})"
        case _ if wanted == "string" and not isinstance(given, (Mapping, list)):
            return " (YAML reads this as a number or a date: write quotes)"
    return ""


def _hint_for_number(text, wanted):
    """Return how to write a number that YAML 1.1 takes for text, such as 1e-3."""
    try:
        number = float(text)
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
    return str(key) if where == "config" else f"{where}.{key}"
