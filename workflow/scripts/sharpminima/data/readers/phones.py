"""Phones: their label files, and classes of frames that are thirds of phones.

The frames of a phone are cut in three parts of the same length, to within a frame. A
third is seen in the context of the neighbour that it touches, the one between in that
of both: `k-a.0`, `k-a.1+t` and `a.2+t` are the thirds of `a` after `k` and before `t`.
Beyond the ends of an utterance there is silence.

A class is a third (`a.0`) or a third in context. Every third of the training utterances
is a class; the rest are the contexts that are most frequent there, by frames, and among
equals the first by third, then by name. Other contexts belong to the class of their
third; so does the rarest context of each third, so that no class is empty.
"""

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np

SILENCE = "pau"
ROW = re.compile(r"(?P<end>\d+(\.\d+)?) \d+ (?P<phone>\w+)")


def read(text: str, where: str) -> tuple[np.ndarray, list[str]]:
    """Return the ends of phones (seconds, increasing, `(P,)`), and the phones.

    Args:
        text: A label file: after a line `#`, a row `end colour phone` for each phone,
            which begins where the one before ended, the first at 0.
        where: The file, for messages.

    Raises:
        ValueError: If there are no rows, a row is of another form, or an end is not
            after the one before.
    """
    ends, phones = [0.0], []
    for row in text.partition("#\n")[2].splitlines():
        match = ROW.fullmatch(" ".join(row.split()))
        if not match or float(match["end"]) <= ends[-1]:
            raise ValueError(
                f"{where}: expected rows `end colour phone`, each end after the one "
                f"before. Received: {row!r}"
            )
        ends.append(float(match["end"]))
        phones.append(match["phone"])
    if not phones:
        raise ValueError(f"{where}: expected phones after a line `#`. Received: none")
    return np.array(ends[1:]), phones


def contexts(ends: np.ndarray, phones: list[str], times: np.ndarray) -> list[str]:
    """Return the third of a phone, in its context, at each of `times`.

    Args:
        ends: See `read`.
        phones: See `read`.
        times: Centres of the frames, seconds, increasing, `(T,)`. The last phone is
            taken to last to the end.
    """
    place = np.searchsorted(ends[:-1], times, side="right")
    first = np.searchsorted(place, place)
    third = 3 * (np.arange(len(place)) - first) // np.bincount(place)[place]
    around = [SILENCE, *phones, SILENCE]
    return [_name(*around[i : i + 3], part) for i, part in zip(place, third)]


def _name(before, phone, after, part):
    return (
        f"{before}-{phone}.0",
        f"{before}-{phone}.1+{after}",
        f"{phone}.2+{after}",
    )[part]


def third(context: str) -> str:
    """Return the third of a phone without its context."""
    return context.split("-")[-1].split("+")[0]


def classes(training: Iterable[str], count: int) -> list[str]:
    """Return the names of `count` classes, each of which occurs in training.

    Args:
        training: The context of each frame of the training utterances.
        count: How many classes to make.

    Raises:
        ValueError: If so many cannot be made.
    """
    frames = Counter(training)
    ranked = sorted(frames, key=lambda name: (-frames[name], third(name), name))
    rarest = {third(name): name for name in ranked}
    frequent = [name for name in ranked if name != rarest[third(name)]]
    most = len(rarest) + len(frequent)
    if not len(rarest) <= count <= most:
        raise ValueError(
            f"`classes` must be from {len(rarest)}, the thirds of phones, to {most}, "
            f"those and their contexts. Received: {count}"
        )
    names = [*rarest, *frequent[: count - len(rarest)]]
    return sorted(names, key=lambda name: (third(name), name))


def labels(contexts: Iterable[str], classes: list[str], where: str) -> np.ndarray:
    """Return the position in `classes` of each context, or of its third, int32.

    Args:
        contexts: The context of each frame.
        classes: See `classes`.
        where: The file, for messages.

    Raises:
        ValueError: If a third of a phone is no class.
    """
    positions = {name: position for position, name in enumerate(classes)}
    try:
        found = [positions.get(name, positions[third(name)]) for name in contexts]
    except KeyError as error:
        raise ValueError(
            f"{where}: expected thirds of phones that occur in training. "
            f"Received: {error}"
        ) from error
    return np.array(found, np.int32)
