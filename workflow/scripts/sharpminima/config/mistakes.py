"""Mistakes: everything that is wrong with a config, found before any job runs.

The limits come first, so that nothing after them takes long. The schema comes next. The
checks then look for what a schema cannot express, such as names that nothing has. Each
mistake is one line: the key, the rule, what was received.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from sharpminima.config import (
    check_catalogue,
    check_study,
    check_training,
    layers,
    limits,
    reading,
    schema,
    wording,
)
from sharpminima.config.wording import Mistake

# The catalogue first: the others may fail on what is wrong there.
CHECKS = (*check_catalogue.CHECKS, *check_study.CHECKS, *check_training.CHECKS)


def mistakes(config: Mapping) -> list[str]:
    """Return the mistakes of a config, one line each and sorted; empty if it has none.

    Args:
        config: What `layers.complete` returned.
    """
    if found := limits.mistakes(config):
        return _lines(found)
    malformed = schema.mistakes(config)
    found = set(malformed)
    # Too many runs would keep the checks after this one busy.
    _listen(check_study.number_of_files, config, malformed, found)
    if found == malformed:
        for check in CHECKS:
            _listen(check, config, malformed, found)
    return _lines(found)


def in_files(paths: Collection[str | Path], given: Mapping) -> list[str]:
    """Return the mistakes in config files and `--config`: see `layers.of_files`.

    What is wrong with the text of a file comes first, and then alone.
    """
    return reading.mistakes(paths) or mistakes(layers.of_files(paths, given))


def _listen(check, config, malformed, found) -> None:
    """Add to `found` what a check says of keys that are not `malformed`.

    One fault makes one line. A check may fail where something else is wrong.
    """
    try:
        for key, message in check(config):
            if not any(_overlap(key, bad) for bad, _ in malformed):
                found.add((key, message))
            # To find all of very many mistakes may take minutes.
            if len(found) > limits.LINES:
                break
    except Exception:  # of any type: what is wrong may be anything
        if not found:
            raise


def _lines(found: Collection[Mistake]) -> list[str]:
    lines = sorted(wording.one_line(f"{key}: {message}") for key, message in found)
    if len(lines) > limits.LINES:
        return [*lines[: limits.LINES], "... and more like these"]
    return lines


def _overlap(key, other):
    """Tell whether one of two keys is the other, or lies within it."""
    return any(
        inner == outer or inner.startswith((f"{outer}.", f"{outer}["))
        for inner, outer in ((key, other), (other, key))
    )
