"""What the training loops of both backends share."""

from collections.abc import Iterable


def never() -> bool:
    """Tell that no pause is due."""
    return False


def numbers(found: Iterable[tuple]) -> list[tuple[float, float, int]]:
    """Return what updates saw, as numbers of Python.

    Args:
        found: Of each update, the summed loss and the correct answers on the device,
            and the number of examples. Reading waits for the device, so it comes after
            the last update.
    """
    return [(float(loss), float(correct), size) for loss, correct, size in found]
