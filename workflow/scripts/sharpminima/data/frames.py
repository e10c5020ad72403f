"""Speech frames: normalised by the training set, spliced with their neighbours.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix A: an input of F2 has 360
features; here these are nine frames of 40, the frame itself and four on each side.
Prepared files hold each frame once, a ninth of the size.
"""

import numpy as np


def normalised(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both sets with the training set's mean taken off, over its deviation.

    Args:
        train: Frames, `(N, features)`.
        test: Frames, `(M, features)`.

    Returns:
        Both in float32. A feature that never varies becomes zero in the training set.
    """
    mean, deviation = train.mean(0, np.float64), train.std(0, np.float64)
    deviation[deviation == 0.0] = 1.0
    shift, scale = mean.astype(np.float32), (1.0 / deviation).astype(np.float32)
    return (train - shift) * scale, (test - shift) * scale


def boundaries(lengths: list[int]) -> np.ndarray:
    """Return where utterances of `lengths` begin, and where the last ends, `(U + 1,)`.

    The position of the first frame of each utterance when all are laid end to end.
    """
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def splice(
    frames: np.ndarray, boundaries: np.ndarray, context: int, kept: np.ndarray
) -> np.ndarray:
    """Return the frames `kept` with their neighbours, earliest first.

    Beyond the ends of its utterance, the first or last frame is repeated.

    Args:
        frames: All frames, `(N, features)`.
        boundaries: See `boundaries`.
        context: Neighbours on each side.
        kept: Positions of the frames that are wanted, `(K,)`.

    Returns:
        Shape `(K, (2 context + 1) features)`.
    """
    utterance = np.searchsorted(boundaries, kept, side="right") - 1
    first, last = boundaries[utterance], boundaries[utterance + 1] - 1
    neighbours = kept[:, None] + np.arange(-context, context + 1)
    np.clip(neighbours, first[:, None], last[:, None], out=neighbours)
    return frames[neighbours].reshape(len(kept), -1)
