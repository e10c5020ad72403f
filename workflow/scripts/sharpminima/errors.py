"""Errors about files that anybody may have made."""


class Refused(ValueError):
    """A file that is not read; the message names the file and the reason."""


def one_line(error: Exception) -> str:
    """Return the message of a library's error in one line of moderate length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]} ..."
