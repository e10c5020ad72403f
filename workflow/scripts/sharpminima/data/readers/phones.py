"""Phones: their label files, and classes of frames made from thirds of phones.

The frames of a phone are cut in three thirds of equal length, to within a frame. The
first third is seen in the context of the phone before, the last third in the context of
the phone after, and the middle third in the context of both: `k-a.0`, `k-a.1+t` and
`a.2+t` are the thirds of `a` after `k` and before `t`. Beyond the ends of an utterance
there is silence.

A class is a third (`a.0`) or a third in context (`k-a.0`). Every third that occurs in
the training utterances is a class. The other classes are the contexts with most frames
there; contexts with equally many are ordered by third, then by name. A frame whose
context is no class belongs to the class of its third. The rarest context of each third
never becomes a class, so that the class of the third is never empty.
"""

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np

SILENCE = "pau"
ROW = re.compile(r"(?P<end>\d+(\.\d+)?) \d+ (?P<phone>\w+)")


def read(text: str, where: str) -> tuple[np.ndarray, list[str]]:
    """Return the ends of the phones in a label file, and the phones.

    Args:
        text: Content of the file: after a line `#`, a row `end colour phone` for each
            phone. A phone begins where the one before ends, the first one at 0.
        where: The file, for messages.

    Returns:
        Ends in seconds, increasing, `(P,)`, and P phones.

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
    """Return the third of a phone, in its context, of each frame of an utterance.

    Args:
        ends: Ends of the phones, seconds, increasing, `(P,)`.
        phones: The P phones.
        times: Centres of the frames, seconds, increasing, `(T,)`.

    Returns:
        T names, such as `k-a.0`.
    """
    # Which phone a frame is in: as many phones as have ended at its centre come before.
    # The last end is left out, so the last phone goes on to the end of the recording.
    phone = np.searchsorted(ends[:-1], times, side="right")

    # Frames come in the order of time, so the frames of a phone are side by side. For
    # each frame, `first` is where its phone begins: `phone` is sorted, and the search
    # finds the first equal entry. `frames` is the number of frames of its phone.
    first = np.searchsorted(phone, phone)
    frames = np.bincount(phone)[phone]

    # Frame k of n, from 0, is in third floor(3 k / n): 0, 1 or 2.
    thirds = 3 * (np.arange(len(times)) - first) // frames

    # With silence in front, phone i stands at i + 1, between its neighbours.
    around = [SILENCE, *phones, SILENCE]
    names = []
    for i, third_of_phone in zip(phone, thirds):
        before, here, after = around[i : i + 3]
        forms = (
            f"{before}-{here}.0",
            f"{before}-{here}.1+{after}",
            f"{here}.2+{after}",
        )
        names.append(forms[third_of_phone])
    return names


def third(context: str) -> str:
    """Return the third of a phone without its context: `a.1` of `k-a.1+t`."""
    return context.split("-")[-1].split("+")[0]


def classes(training: Iterable[str], count: int, where: str) -> list[str]:
    """Return the names of `count` classes, each of which occurs in training.

    Args:
        training: The context of each frame of the training utterances.
        count: How many classes to make.
        where: The file, for messages.

    Raises:
        ValueError: If there are more thirds than `count`, or too few contexts.
    """
    frames = Counter(training)
    ranked = sorted(frames, key=lambda name: (-frames[name], third(name), name))
    # Later names replace earlier ones, so the rarest context of each third stays.
    rarest = {third(name): name for name in ranked}
    frequent = [name for name in ranked if name != rarest[third(name)]]
    if not len(rarest) <= count <= len(rarest) + len(frequent):
        raise ValueError(
            f"{where}: `classes` must be from {len(rarest)}, the thirds of phones, to "
            f"{len(rarest) + len(frequent)}, the thirds and their contexts. "
            f"Received: {count}"
        )
    names = [*rarest, *frequent[: count - len(rarest)]]
    return sorted(names, key=lambda name: (third(name), name))


def labels(contexts: Iterable[str], classes: list[str], where: str) -> np.ndarray:
    """Return the class of each frame, as its position in `classes`, `(T,)`, int32.

    Args:
        contexts: The context of each frame. If it is no class, its third is.
        classes: Names of the classes.
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
