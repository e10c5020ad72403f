"""Errors about files that anybody may have made."""

LONGEST = 300  # characters


class Refused(ValueError):
    """A file that is not read; the message names the file and the reason."""


def one_line(found: object) -> str:
    """Return what was found in a file, or a library's error, as one short line."""
    text = " ".join(str(found).split()) or type(found).__name__
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
