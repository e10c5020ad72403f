"""Speech frames and their states from Kaldi archives.

A set is a folder, `train` or `test`, with `feats.scp` (a matrix of frames by utterance)
and `pdf.scp` (a vector with the state of each frame). Whatever an scp file points to
must be among the dataset's files, whose checksums were compared: nothing else is read.
Nothing is run either: kaldiio would execute an entry that is a command, and would load
an archive's pickled objects; both are refused.
"""

import logging
import re
import struct
from collections.abc import Mapping
from pathlib import Path

import kaldiio
import numpy as np

from sharpminima.data import frames

ENTRY = re.compile(r"(?P<path>.+?)(?P<place>(:\d+)?(\[[\d:,]*\])?)$")
MATRIX_BEGINS = b"\0", b" ", b"[", b"-", *(b"%d" % digit for digit in range(10))


def read(
    paths: Mapping[str, Path], *, context: int, max_dropped: float
) -> tuple[dict[str, np.ndarray], dict[str, Path]]:
    """Return normalised frames, states and utterances of both sets, and their files.

    Args:
        paths: The scp files and the archives, by their names below the raw folder.
        context: Neighbours of a frame on each side.
        max_dropped: Largest share of a set's utterances to leave out with a warning,
            because they have frames or states only, or not as many of both.

    Returns:
        The four arrays (`x` of shape `(N, features)`), `utterances_train` and
        `utterances_test` (see `frames.boundaries`) and `context`; and the scp files.

    Raises:
        ValueError: If a file is missing, damaged or not of the right kind, or too many
            utterances would be dropped; the message names the file and the utterances.
    """
    arrays = {"context": np.int64(context)}
    for split in ("train", "test"):
        arrays |= _read_set(paths, split, max_dropped)
    normalised = frames.normalised(arrays["x_train"], arrays["x_test"])
    arrays["x_train"], arrays["x_test"] = normalised
    sources = {
        f"{kind}_{split}": _scp(paths, split, name)
        for split in ("train", "test")
        for kind, name in (("x", "feats"), ("y", "pdf"))
    }
    return arrays, sources


def _read_set(paths, split, max_dropped):
    features, states = (
        _utterances(_scp(paths, split, name), set(paths.values()), dimensions)
        for name, dimensions in (("feats", 2), ("pdf", 1))
    )
    complaints = _mismatches(features, states)
    names = [name for name in features if name not in complaints]
    source = _scp(paths, split, "feats")
    _drop(source, complaints, len(names) + len(complaints), max_dropped)
    lengths = [len(states[name]) for name in names]
    _check_widths(source, {name: features[name].shape[1] for name in names})
    return {
        f"x_{split}": np.concatenate([features[name] for name in names]),
        f"y_{split}": np.concatenate([states[name] for name in names]),
        f"utterances_{split}": frames.boundaries(lengths),
    }


def _scp(paths, split, name):
    return paths[f"{split}/{name}.scp"]


def _mismatches(features, states):
    """Return utterance -> what is wrong with it."""
    complaints = {name: "no frames" for name in states if name not in features}
    for name, matrix in features.items():
        if name not in states:
            complaints[name] = "no states"
        elif len(matrix) != len(states[name]):
            complaints[name] = f"{len(matrix)} frames, {len(states[name])} states"
    return complaints


def _drop(source, complaints, utterances, max_dropped):
    """Warn of the utterances that are left out, or refuse to leave out so many."""
    if not complaints:
        return
    listed = "; ".join(f"{name}: {complaints[name]}" for name in sorted(complaints))
    found = f"{len(complaints)} of {utterances} utterances do not fit: {listed}"
    if len(complaints) > max_dropped * utterances:
        raise ValueError(
            f"{source}: expected frames and states of the same length for every "
            f"utterance but a share of {max_dropped:g} (`max_dropped`). Received: "
            f"{found}"
        )
    logging.warning("%s: dropped, %s", source, found)


def _check_widths(source, widths):
    expected = next(iter(widths.values()), None)
    for name, width in widths.items():
        if width != expected:
            raise ValueError(
                f"{source}: expected {expected} features in every frame. "
                f"Received: {width} in {name}"
            )


def _utterances(scp, known, dimensions):
    """Return utterance -> its matrix or vector, from the entries of `scp`."""
    found = {}
    for line in scp.read_text(encoding="utf-8").splitlines():
        name, _, entry = line.strip().partition(" ")
        if not entry:
            raise ValueError(
                f"{scp}: expected `utterance archive:position`. Received: {line!r}"
            )
        if name in found:
            raise ValueError(f"{scp}: expected each utterance once. Received: {name}")
        found[name] = _load(scp, name, entry.strip(), known, dimensions)
    if not found:
        raise ValueError(f"{scp}: expected utterances. Received: an empty file")
    return found


def _load(scp, name, entry, known, dimensions):
    archive, place = _archive(scp, name, entry, known)
    try:
        with archive.open("rb") as stream:
            stream.seek(int(place.partition("[")[0].lstrip(":") or 0))
            start = stream.read(1)
        if start not in MATRIX_BEGINS:
            raise ValueError("audio, NumPy or pickled content")
        array = kaldiio.load_mat(f"{archive}{place}")
        if array.ndim != dimensions or not array.size:
            raise ValueError(f"shape {array.shape}")
    except (ValueError, AssertionError, RuntimeError, struct.error) as error:
        kind = {1: "vector", 2: "matrix"}[dimensions]
        raise ValueError(
            f"{scp}: expected a complete Kaldi {kind} for {name} at {archive}{place}. "
            f"Received: {error or 'something else'}"
        ) from error
    return _numbers(scp, name, array, dimensions)


def _archive(scp, name, entry, known):
    """Return the archive of an entry, which must be among the files that are `known`.

    A relative path is tried against the scp's folder, then the working directory.
    """
    if "|" in (entry[0], entry[-1]):
        raise ValueError(
            f"{scp}: expected an archive for {name}. Received a command, which is "
            f"never run: {entry}"
        )
    match = ENTRY.match(entry)
    candidates = [scp.parent / match["path"], Path(match["path"])]
    checked = {path.resolve() for path in known}
    for path in candidates:
        if path.resolve() in checked:
            return path.resolve(), match["place"]
    there = [path for path in candidates if path.exists()]
    hint = "add it to the dataset's `files`" if there else "there is no such file"
    raise ValueError(
        f"{scp}: expected an archive among the dataset's files for {name}. "
        f"Received: {entry} ({hint})"
    )


def _numbers(scp, name, array, dimensions):
    if dimensions == 1:
        if array.dtype.kind != "i":
            raise ValueError(
                f"{scp}: expected whole numbers for {name}. Received: {array.dtype}"
            )
        return array.astype(np.int32)
    if not np.isfinite(array).all():
        raise ValueError(
            f"{scp}: expected finite features. Received: NaN or infinity in {name}"
        )
    return array.astype(np.float32)
