"""Data augmentation: each epoch sees every image mirrored, turned and moved at random.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix E.1, as recalled: horizontal
reflection, rotation by up to 10 degrees, translation by up to 0.2 of the image's size.
These are the arguments of Keras 1's `ImageDataGenerator`; as by its default, what comes
into view beyond an edge repeats the edge. NumPy draws, so that both backends move an
image alike; the device moves the pixels, by bilinear interpolation.
"""

from collections.abc import Iterator

import numpy as np

from sharpminima import backend, streams
from sharpminima.backend import keras
from sharpminima.regimes import remedies

# Moved at a time: JAX holds the coordinates of each of their values.
PIECE = 1000


def view(x, *, flip: bool, rotation: float, translation: float, seed: int, epoch: int):
    """Return all training inputs as one epoch sees them, on the device.

    Args:
        x: All inputs on the device, images of shape `(N, height, width)`, or
            `(N, height, width, channels)`.
        flip: Whether half of them are mirrored, left and right exchanged.
        rotation: Largest angle in degrees, either way.
        translation: Largest shift, as a share of height and of width.
        seed: The run's seed.
        epoch: Which one; the first is 0.

    Raises:
        ValueError: If the inputs are no images.
    """
    if not remedies.are_images(x.shape[1:]):
        raise ValueError(
            "augmentation needs images of shape (height, width) or (height, width, "
            f"channels). Received: inputs of shape {tuple(x.shape[1:])}"
        )
    rng = streams.generator("augmentation", seed, epoch)
    mirrored = flip & (rng.random(len(x)) < 0.5)
    angles = np.radians(rotation * rng.uniform(-1, 1, len(x)))
    height, width = x.shape[1:3]
    reach = translation * np.array([width, height])
    shifts = reach * rng.uniform(-1, 1, (len(x), 2))
    transforms = affine(mirrored, angles, shifts, height, width)
    return keras.ops.concatenate(list(_moved(x, transforms.astype(np.float32))))


def affine(mirrored, angles, shifts, height: int, width: int) -> np.ndarray:
    """Return the eight numbers `(N, 8)` that `affine_transform` takes for each image.

    They lead from a point of the new image to the point of the old one that it shows:
    the image is mirrored, turned about its centre, and moved. With the point and the
    centre c as (column, row),

        old = c + M R(-angle) (new - c - shift),  M = diag(-1, 1) or diag(1, 1).

    Args:
        mirrored: Which images are, shape `(N,)`.
        angles: In radians, shape `(N,)`; positive ones turn columns into rows.
        shifts: Columns and rows, in pixels, shape `(N, 2)`.
        height: In pixels.
        width: In pixels.
    """
    sine, cosine = np.sin(angles), np.cos(angles)
    sign = np.where(mirrored, -1.0, 1.0)
    matrix = np.array([[sign * cosine, sign * sine], [-sine, cosine]])
    matrix = np.moveaxis(matrix, -1, 0)
    centre = np.array([width - 1, height - 1]) / 2
    offset = centre - np.einsum("nij,nj->ni", matrix, centre + shifts)
    rows = np.concatenate([matrix, offset[:, :, None]], axis=-1).reshape(-1, 6)
    return np.pad(rows, ((0, 0), (0, 2)))


def _moved(x, transforms) -> Iterator:
    for start in range(0, len(x), PIECE):
        piece = slice(start, start + PIECE)
        yield _move(x[piece], transforms[piece])


def _affine_transform(images, transforms):
    shape = keras.ops.shape(images)
    if len(shape) == 3:
        images = images[..., None]
    moved = keras.ops.image.affine_transform(
        images, transforms, fill_mode="nearest", data_format="channels_last"
    )
    return keras.ops.reshape(moved, shape)


_move = backend.traced(_affine_transform)
