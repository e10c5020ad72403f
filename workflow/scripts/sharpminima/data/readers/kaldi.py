"""Speech frames and their states from Kaldi archives.

Each set is a folder, `train` or `test`, with `feats.scp` (a matrix of frames for each
utterance) and `pdf.scp` (a vector with the state of each frame). An scp file may point
only to archives among the dataset's files, whose checksums were compared. kaldiio would
run an entry that is a command, and unpickle objects in an archive. Both are refused.
"""

import logging
import os
import re
import struct
from collections.abc import Mapping
from pathlib import Path

import kaldiio
import numpy as np

from sharpminima.data import frames, integrity
from sharpminima.storage.errors import one_line

# An entry of an scp file: `feats.ark`, `feats.ark:15`, `feats.ark:15[0:9]`. A range has
# one part for each dimension. Numbers have few digits, so that each is a position.
PART = r"(\d{1,18}(:\d{1,18}){0,2}|:)?"
ENTRY = re.compile(
    rf"(?P<path>.+?)(:(?P<place>\d{{1,18}}))?(?P<range>\[{PART}(,{PART})?\])?$"
)
# A binary matrix or vector begins with a zero byte, one in text with a space, a bracket
# or a number.
MATRIX_BEGINS = b"\0", b" ", b"[", b"-", *(b"%d" % digit for digit in range(10))
INTEGERS = b"\0B\4"  # what a vector of whole numbers begins with


def read(
    paths: Mapping[str, Path],
    declared: Mapping,
    *,
    context: int,
    max_dropped: float,
) -> tuple[dict[str, np.ndarray], dict[str, Path]]:
    """Return normalised frames, states and utterances of both sets, and their files.

    Args:
        paths: Name below the raw folder -> path, of the scp files and the archives.
        declared: The dataset's entry in the catalogue.
        context: Number of neighbours of a frame on each side.
        max_dropped: An utterance without as many states as frames is dropped, with a
            warning. This is the largest share of a set that may be dropped.

    Returns:
        The four arrays (`x` of shape `(N, features)`), `utterances_train` and
        `utterances_test` (see `frames.boundaries`) and `context`; and the scp files.

    Raises:
        ValueError: If a file is missing, damaged or not of the right kind, or too many
            utterances would be dropped; the message names the file and the utterances.
    """
    known = {path.resolve() for path in paths.values()}
    limit = integrity.limit(known, declared)
    arrays, sources = {"context": np.int64(context)}, {}
    for split in ("train", "test"):
        scps = paths[f"{split}/feats.scp"], paths[f"{split}/pdf.scp"]
        sources[f"x_{split}"], sources[f"y_{split}"] = scps
        features, states = _read_set(*scps, known, limit, max_dropped)
        arrays[f"x_{split}"] = np.concatenate(features)
        arrays[f"y_{split}"] = np.concatenate(states)
        # Context must not cross from one utterance into the next.
        lengths = [len(vector) for vector in states]
        arrays[f"utterances_{split}"] = frames.boundaries(lengths)
    # The mean and deviation of the training set serve both sets.
    normalised = frames.normalised(arrays["x_train"], arrays["x_test"])
    arrays["x_train"], arrays["x_test"] = normalised
    return arrays, sources


def _read_set(feats, pdf, known, limit, max_dropped):
    """Return the frames and the states of each utterance that has as many of both."""
    features = _utterances(feats, known, limit, 2)
    states = _utterances(pdf, known, limit, 1)
    utterances = sorted(features.keys() | states)
    # How many frames and states each has: 0 if a file lacks it.
    counts = {u: (len(features.get(u, ())), len(states.get(u, ()))) for u in utterances}
    misfits = {u: pair for u, pair in counts.items() if pair[0] != pair[1]}
    if len(misfits) > max_dropped * len(utterances):
        raise ValueError(
            f"{feats}: expected as many states as frames in every utterance, except "
            f"for a share of {max_dropped:g} (`max_dropped`). Received: {len(misfits)} "
            f"of {len(utterances)} utterances do not fit: "
            + one_line(
                "; ".join(
                    f"{u}: {f} frames, {s} states" for u, (f, s) in misfits.items()
                )
            )
        )
    for name, pair in misfits.items():
        logging.warning("%s: dropped %s: %d frames, %d states", feats, name, *pair)

    names = [name for name in features if name not in misfits]
    if not names:
        raise ValueError(f"{feats}: expected utterances that fit. Received: none")
    for name in names:
        if features[name].shape[1] != features[names[0]].shape[1]:
            raise ValueError(
                f"{feats}: expected {features[names[0]].shape[1]} features in every "
                f"frame. Received: {features[name].shape[1]} in {name}"
            )
    return [features[name] for name in names], [states[name] for name in names]


def _utterances(scp, known, limit, dimensions):
    """Return utterance -> its matrix (2 dimensions) or vector (1) from an scp file."""
    found, size = {}, 0
    for line in _lines(scp):
        name, _, entry = line.strip().partition(" ")
        if not entry:
            raise ValueError(
                f"{scp}: expected `utterance archive:position`. "
                f"Received: {one_line(repr(line))}"
            )
        if name in found:
            raise ValueError(
                f"{scp}: expected each utterance once. Received: {one_line(name)}"
            )
        shown = one_line(name)
        archive, place = _archive(scp, shown, entry.strip(), known)
        array = _load(scp, shown, archive, place, dimensions)
        if dimensions == 1 and array.dtype.kind != "i":
            raise ValueError(
                f"{scp}: expected whole numbers for {shown}. Received: {array.dtype}"
            )
        # Archives may hold doubles or 16-bit numbers.
        with np.errstate(over="ignore"):
            array = array.astype(np.int32 if dimensions == 1 else np.float32)
        if not np.isfinite(array).all():
            raise ValueError(
                f"{scp}: expected finite features. Received: NaN or infinity in {shown}"
            )
        # Many utterances may point to the same place.
        size += array.nbytes
        if size > limit:
            raise ValueError(
                f"{scp}: expected at most {limit} bytes of values. Received: more, up "
                f"to {shown}"
            )
        found[name] = array
    if not found:
        raise ValueError(f"{scp}: expected utterances. Received: an empty file")
    return found


def _lines(scp):
    try:
        return scp.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{scp}: expected lines of text in UTF-8. Received: {error}"
        ) from error


def _archive(scp, name, entry, known):
    """Return the archive of an entry, and the match that says which place in it.

    The archive must be one of the files that are `known`. A relative path is tried from
    the scp's folder, then from the working directory.
    """
    # Kaldi runs `command |`, and writes to `| command`.
    if "|" in (entry[0], entry[-1]):
        raise ValueError(
            f"{scp}: expected an archive for {name}. Received a command, which is "
            f"never run: {one_line(entry)}"
        )
    match, there = ENTRY.match(entry), False
    # Compare whole paths, so that `..` or a link leads nowhere else.
    for path in (scp.parent / match["path"], Path(match["path"])):
        try:
            if path.resolve() in known:
                return path.resolve(), match
            there = there or path.exists()
        # A name that is too long or has a zero byte, or a link to itself.
        except (OSError, ValueError, RuntimeError):
            continue
    raise ValueError(
        f"{scp}: expected an archive among the dataset's files for {name}. "
        f"Received: {one_line(entry)} ("
        + ("add it to the dataset's `files`" if there else "there is no such file")
        + ")"
    )


def _load(scp, name, archive, match, dimensions):
    """Return the matrix or vector at a place in an archive."""
    place = int(match["place"] or 0)
    try:
        with archive.open("rb") as stream:
            _check_start(stream, place)
            # kaldiio gets the open file: it would run a name that is a command.
            source = {"archive": _Part(stream, place)}
            array = kaldiio.load_mat(f"archive{match['range'] or ''}", fd_dict=source)
        if array.ndim != dimensions or not array.size:
            raise ValueError(f"shape {array.shape}")
    # kaldiio has assertions, and lets errors of struct and NumPy pass.
    except Exception as error:
        raise ValueError(
            f"{scp}: expected a complete Kaldi "
            f"{'matrix' if dimensions == 2 else 'vector'} for {name} at "
            f"{archive}:{place}{match['range'] or ''}. "
            f"Received: {one_line(error)}"
        ) from error
    return array


def _check_start(stream, place):
    """Refuse what kaldiio would unpickle, or take memory for without a look."""
    stream.seek(place)
    start = stream.read(len(INTEGERS) + 4)
    if start[:1] not in MATRIX_BEGINS:
        raise ValueError("audio, NumPy or pickled content")
    # Each number takes five bytes of the file.
    if start.startswith(INTEGERS):
        (count,) = struct.unpack("<i", start[len(INTEGERS) :])
        left = os.fstat(stream.fileno()).st_size - place
        if not 0 <= 5 * count <= left:
            raise ValueError(f"{count} whole numbers in {left} bytes")


class _Part:
    """A file from a place on; to read beyond its end is an error."""

    def __init__(self, stream, place):
        stream.seek(place)
        self.stream = stream
        self.left = max(os.fstat(stream.fileno()).st_size - place, 0)

    def read(self, size):
        # kaldiio looks at up to five bytes, to tell what follows.
        if not 0 <= size <= max(self.left, 5):
            raise ValueError(f"{size} bytes declared, {self.left} left")
        content = self.stream.read(size)
        self.left -= len(content)
        return content
