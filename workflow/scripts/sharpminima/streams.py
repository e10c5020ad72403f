"""Random streams: an independent NumPy generator for each purpose, found by its name.

A seed is a hash of names, never a sum: with `seed + epoch`, epoch 1 of run 0 would draw
the same numbers as epoch 0 of run 1. NumPy draws, so every backend gets the same
values.
"""

import hashlib
import json

import numpy as np


def seed(*names: str | int) -> int:
    """Return the 63-bit seed of the stream called `names`, such as `("order", 0)`."""
    digest = hashlib.sha256(json.dumps(names).encode()).digest()
    # Of 64 bits, drop one: a signed 64-bit integer must hold the seed.
    return int.from_bytes(digest[:8]) >> 1


def generator(*names: str | int) -> np.random.Generator:
    """Return a fresh generator at the start of the stream called `names`."""
    return np.random.default_rng(seed(*names))
