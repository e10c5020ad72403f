"""Mistakes: everything that is wrong with a config, found before any job runs.

The schema comes first. The checks then look for what a schema cannot express, such as
names that nothing has. Each mistake is one line: the key, the rule, what was received.
"""

from collections.abc import Mapping

from sharpminima.config import check_catalogue, check_study, check_training, schema

CHECKS = (*check_study.CHECKS, *check_catalogue.CHECKS, *check_training.CHECKS)


def mistakes(config: Mapping) -> list[str]:
    """Return the mistakes of a config, one line each and sorted; empty if it has none.

    Args:
        config: What `layers.complete` returned.
    """
    found = schema.mistakes(config)
    # One fault, one line: a check is not heard on a key that the schema refuses.
    malformed = {key for key, _ in found}
    for check in CHECKS:
        try:
            for key, message in check(config):
                if not any(_overlap(key, bad) for bad in malformed):
                    found.add((key, message))
        except (AttributeError, KeyError, TypeError, ValueError):
            # A check may fail on what is wrong elsewhere, and only then.
            if not found:
                raise
    return [f"{key}: {message}" for key, message in sorted(found)]


def _overlap(key, other):
    """Tell whether one of two keys is the other, or lies within it."""
    return any(
        inner == outer or inner.startswith((f"{outer}.", f"{outer}["))
        for inner, outer in ((key, other), (other, key))
    )
