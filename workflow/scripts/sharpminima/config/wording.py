"""Words that many messages about the config share."""

import difflib
import itertools
from collections.abc import Iterable, Iterator

Mistake = tuple[str, str]  # the key's path in the config, and the message
REQUIRED = "required, but missing"
# Names among which to look for the one that was meant: each takes time.
SUGGESTED = 200
LONGEST = 500  # characters of a line


def unknown_key(key, allowed: Iterable[str]) -> str:
    """Return the message for a key that is not `allowed`."""
    names = ", ".join(sorted(allowed)) or "none"
    return f"unknown key{_suggestion(key, allowed)}. Allowed: {names}"


def unknown_name(where: str, name, known: Iterable[str]) -> Iterator[Mistake]:
    """Yield a mistake at `where` unless `name` is known."""
    if name not in known:
        message = f"unknown name{_suggestion(name, known)}"
        allowed = ", ".join(sorted(known))
        yield where, f"{message}. Allowed: {allowed}. Received: {name!r}"


def one_line(text: str) -> str:
    """Return `text` as one line that a terminal can show, cut if it is very long.

    What a config holds may be a line break, or a code that moves a terminal's cursor.
    """
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 4]} ..."


def _suggestion(name, known):
    some = itertools.islice(known, SUGGESTED)
    close = difflib.get_close_matches(str(name), some, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
