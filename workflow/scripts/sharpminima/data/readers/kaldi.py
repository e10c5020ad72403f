"""Speech frames and their states from Kaldi archives.

Each set is a folder, `train` or `test`, with `feats.scp` (a matrix of frames for each
utterance) and `pdf.scp` (a vector with the state of each frame). An scp file may point
only to archives among the dataset's files, whose checksums were compared. kaldiio would
run an entry that is a command, and unpickle objects in an archive. Both are refused.
"""

import logging
import re
import struct
from collections.abc import Mapping
from pathlib import Path

import kaldiio
import numpy as np

from sharpminima.data import frames

# An entry of an scp file: `feats.ark`, `feats.ark:15`, `feats.ark:15[0:9]`.
ENTRY = re.compile(r"(?P<path>.+?)(?P<place>(:\d+)?(\[[\d:,]*\])?)$")
# A binary matrix or vector begins with a zero byte, one in text with a space, a bracket
# or a number.
MATRIX_BEGINS = b"\0", b" ", b"[", b"-", *(b"%d" % digit for digit in range(10))


def read(
    paths: Mapping[str, Path], *, context: int, max_dropped: float
) -> tuple[dict[str, np.ndarray], dict[str, Path]]:
    """Return normalised frames, states and utterances of both sets, and their files.

    Args:
        paths: Name below the raw folder -> path, of the scp files and the archives.
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
    arrays, sources = {"context": np.int64(context)}, {}
    for split in ("train", "test"):
        scps = paths[f"{split}/feats.scp"], paths[f"{split}/pdf.scp"]
        sources[f"x_{split}"], sources[f"y_{split}"] = scps
        features, states = _read_set(*scps, known, max_dropped)
        arrays[f"x_{split}"] = np.concatenate(features)
        arrays[f"y_{split}"] = np.concatenate(states)
        # Context must not cross from one utterance into the next.
        lengths = [len(vector) for vector in states]
        arrays[f"utterances_{split}"] = frames.boundaries(lengths)
    # The mean and deviation of the training set serve both sets.
    normalised = frames.normalised(arrays["x_train"], arrays["x_test"])
    arrays["x_train"], arrays["x_test"] = normalised
    return arrays, sources


def _read_set(feats, pdf, known, max_dropped):
    """Return the frames and the states of each utterance that has as many of both."""
    features, states = _utterances(feats, known, 2), _utterances(pdf, known, 1)
    utterances = sorted(features.keys() | states)
    # How many frames and states each has: 0 if a file lacks it.
    counts = {u: (len(features.get(u, ())), len(states.get(u, ()))) for u in utterances}
    misfits = {u: pair for u, pair in counts.items() if pair[0] != pair[1]}
    if len(misfits) > max_dropped * len(utterances):
        raise ValueError(
            f"{feats}: expected as many states as frames in every utterance, except "
            f"for a share of {max_dropped:g} (`max_dropped`). Received: {len(misfits)} "
            f"of {len(utterances)} utterances do not fit: "
            + "; ".join(f"{u}: {f} frames, {s} states" for u, (f, s) in misfits.items())
        )
    for name, pair in misfits.items():
        logging.warning("%s: dropped %s: %d frames, %d states", feats, name, *pair)

    names = [name for name in features if name not in misfits]
    for name in names:
        if features[name].shape[1] != features[names[0]].shape[1]:
            raise ValueError(
                f"{feats}: expected {features[names[0]].shape[1]} features in every "
                f"frame. Received: {features[name].shape[1]} in {name}"
            )
    return [features[name] for name in names], [states[name] for name in names]


def _utterances(scp, known, dimensions):
    """Return utterance -> its matrix (2 dimensions) or vector (1) from an scp file."""
    found = {}
    for line in scp.read_text(encoding="utf-8").splitlines():
        name, _, entry = line.strip().partition(" ")
        if not entry:
            raise ValueError(
                f"{scp}: expected `utterance archive:position`. Received: {line!r}"
            )
        if name in found:
            raise ValueError(f"{scp}: expected each utterance once. Received: {name}")
        archive, place = _archive(scp, name, entry.strip(), known)
        array = _load(scp, name, archive, place, dimensions)
        if dimensions == 1 and array.dtype.kind != "i":
            raise ValueError(
                f"{scp}: expected whole numbers for {name}. Received: {array.dtype}"
            )
        if not np.isfinite(array).all():
            raise ValueError(
                f"{scp}: expected finite features. Received: NaN or infinity in {name}"
            )
        # Archives may hold doubles or 16-bit numbers.
        found[name] = array.astype(np.int32 if dimensions == 1 else np.float32)
    if not found:
        raise ValueError(f"{scp}: expected utterances. Received: an empty file")
    return found


def _archive(scp, name, entry, known):
    """Return the archive of an entry, and the place in it.

    The archive must be one of the files that are `known`. A relative path is tried from
    the scp's folder, then from the working directory.
    """
    # Kaldi runs `command |`, and writes to `| command`.
    if "|" in (entry[0], entry[-1]):
        raise ValueError(
            f"{scp}: expected an archive for {name}. Received a command, which is "
            f"never run: {entry}"
        )
    match = ENTRY.match(entry)
    # Compare whole paths, so that `..` or a link leads nowhere else.
    candidates = [scp.parent / match["path"], Path(match["path"])]
    for path in candidates:
        if path.resolve() in known:
            return path.resolve(), match["place"]
    there = any(path.exists() for path in candidates)
    raise ValueError(
        f"{scp}: expected an archive among the dataset's files for {name}. "
        f"Received: {entry} ("
        + ("add it to the dataset's `files`" if there else "there is no such file")
        + ")"
    )


def _load(scp, name, archive, place, dimensions):
    """Return the matrix or vector at `place` of an archive."""
    try:
        # Look at the first byte, since kaldiio would unpickle what says it is a pickle.
        with archive.open("rb") as stream:
            stream.seek(int(place.partition("[")[0].lstrip(":") or 0))
            start = stream.read(1)
        if start not in MATRIX_BEGINS:
            raise ValueError("audio, NumPy or pickled content")
        array = kaldiio.load_mat(f"{archive}{place}")
        if array.ndim != dimensions or not array.size:
            raise ValueError(f"shape {array.shape}")
    except (ValueError, AssertionError, RuntimeError, struct.error) as error:
        raise ValueError(
            f"{scp}: expected a complete Kaldi "
            f"{'matrix' if dimensions == 2 else 'vector'} for {name} at "
            f"{archive}{place}. Received: {error or 'something else'}"
        ) from error
    return array
