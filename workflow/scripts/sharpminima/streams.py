"""Random streams: one independent NumPy generator per purpose, found by its name.

A seed is a hash of names, never a sum: `seed + epoch` makes run 0, epoch 1 draw the
same numbers as run 1, epoch 0. NumPy draws, so every backend gets the same values.
"""

import hashlib
import json

import numpy as np


def seed(*names: str | int) -> int:
    """Return the 63-bit seed of the stream called `names`, such as `("order", 0)`."""
    digest = hashlib.sha256(json.dumps(names).encode()).digest()
    return int.from_bytes(digest[:8]) >> 1


def generator(*names: str | int) -> np.random.Generator:
    """Return a fresh generator at the start of the stream called `names`."""
    return np.random.default_rng(seed(*names))
