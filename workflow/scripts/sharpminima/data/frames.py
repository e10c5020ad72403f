"""Speech frames: normalised by the training set, spliced with their neighbours.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix A: an input of F2 has 360
features. Here these are nine frames of 40: the frame itself and four on each side.
Prepared files hold each frame once, which takes a ninth of the space.
"""

import numpy as np


def normalised(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both sets, minus the training set's mean and over its deviation.

    Args:
        train: Frames, `(N, features)`.
        test: Frames, `(M, features)`.

    Returns:
        Both in float32. A feature that never varies becomes zero in the training set.
    """
    # From the training set alone, so that nothing of the test set reaches training.
    mean, deviation = train.mean(0, np.float64), train.std(0, np.float64)
    deviation[deviation == 0.0] = 1.0
    shift, scale = mean.astype(np.float32), (1.0 / deviation).astype(np.float32)
    return (train - shift) * scale, (test - shift) * scale


def boundaries(lengths: list[int]) -> np.ndarray:
    """Return where each utterance begins in one long row of frames, and the row's end.

    Args:
        lengths: Number of frames of each utterance, in order.

    Returns:
        Shape `(U + 1,)`, int64: utterance u has the frames from `[u]` to before
        `[u + 1]`.
    """
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def splice(
    frames: np.ndarray, boundaries: np.ndarray, context: int, kept: np.ndarray
) -> np.ndarray:
    """Return the frames `kept`, each in one row with its neighbours, earliest first.

    Beyond the ends of its utterance, the first or last frame is repeated.

    Args:
        frames: All frames, `(N, features)`.
        boundaries: What the function `boundaries` returned.
        context: Number of neighbours on each side.
        kept: Positions of the frames to return, `(K,)`.

    Returns:
        Shape `(K, (2 context + 1) features)`.
    """
    # The last utterance that begins at or before a frame is the frame's own.
    utterance = np.searchsorted(boundaries, kept, side="right") - 1
    first, last = boundaries[utterance], boundaries[utterance + 1] - 1
    # Positions of the neighbours, `(K, 2 context + 1)`, held within the utterance.
    neighbours = kept[:, None] + np.arange(-context, context + 1)
    np.clip(neighbours, first[:, None], last[:, None], out=neighbours)
    return frames[neighbours].reshape(len(kept), -1)
