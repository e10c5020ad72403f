"""Limits: how large a config may be, so that its check and its plan take seconds.

They are far above what a study needs. A value may be huge without a huge file: an alias
in YAML stands for all that it names, and may stand there often.
"""

from collections.abc import Iterator, Mapping

from sharpminima.config.wording import Mistake

BYTES = 2_000_000  # of a file
VALUES = 20_000  # keys and values together; an alias counts as all that it stands for
DEPTH = 20  # of mappings and lists in each other
ENTRIES = 1000  # of one mapping or list
CHARACTERS = 1000  # of one text
LINES = 50  # about mistakes
DIGITS = 18  # of one whole number
FILES = 30_000  # of the results of all runs; Snakemake plans 600 in a second

TOO_MANY = f"must not stand for more than {VALUES:,} values"
TOO_DEEP = f"must not lie in more than {DEPTH} mappings or lists"


def mistakes(config) -> set[Mistake]:
    """Return what is too large in a config, which may have aliases in it."""
    if _values(config, 0, {}) > VALUES:
        return {("config", f"{TOO_MANY}, and they {TOO_DEEP}")}
    return set(_too_large(config, "config"))


def _values(value, depth, known):
    """Return how many values `value` stands for, each alias counted in full.

    Args:
        value: Any part of a config.
        depth: How many mappings and lists it lies in.
        known: The numbers of the parts that were counted, by identity.
    """
    if not isinstance(value, (Mapping, list)):
        return 1
    if depth > DEPTH:
        return VALUES + 1
    if id(value) not in known:
        known[id(value)] = VALUES + 1  # in case it holds itself
        keys = len(value) if isinstance(value, Mapping) else 0
        parts = value.values() if keys else value
        inner = (_values(part, depth + 1, known) for part in parts)
        known[id(value)] = 1 + keys + sum(inner)
    return known[id(value)]


def _too_large(value, where) -> Iterator[Mistake]:
    """Yield what is too large in `value`, which lies at `where` in the config."""
    if isinstance(value, (Mapping, list)):
        if len(value) > ENTRIES:
            yield where, f"must not be longer than {ENTRIES}. Received: {len(value)}"
            return
        keyed = isinstance(value, Mapping)
        for key, part in value.items() if keyed else enumerate(value):
            inner = f"{where}.{key}" if keyed else f"{where}[{key}]"
            yield from _too_large(part, inner.removeprefix("config."))
    elif isinstance(value, str) and len(value) > CHARACTERS:
        rule = f"must not have more than {CHARACTERS} characters"
        yield where, f"{rule}. Received: {len(value)}"
    elif isinstance(value, int) and abs(value) >= 10**DIGITS:
        yield where, f"must not have more than {DIGITS} digits"
