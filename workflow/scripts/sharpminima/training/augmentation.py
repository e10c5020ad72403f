"""Data augmentation: each epoch sees every image mirrored, turned and moved at random.

Source: Keskar et al. 2017 (arXiv:1609.04836), appendix E.1, as recalled: horizontal
reflection, rotation by up to 10 degrees, translation by up to 0.2 of the image's size.
These are arguments of Keras 1's `ImageDataGenerator`. Its default fills what comes into
view beyond an edge by repeating the edge, and so do we. NumPy draws the random numbers,
so that both backends move an image alike. The device moves the pixels, by bilinear
interpolation.
"""

import numpy as np

from sharpminima import backend, streams
from sharpminima.backend import keras
from sharpminima.regimes import remedies

# Images moved at a time: JAX stores coordinates for every value of every image.
PIECE = 1000


def view(x, *, flip: bool, rotation: float, translation: float, seed: int, epoch: int):
    """Return all training inputs as one epoch sees them, on the device.

    Args:
        x: All inputs on the device, images of shape `(N, height, width)` or
            `(N, height, width, channels)`.
        flip: Whether to mirror half of them, left to right.
        rotation: Largest angle in degrees, either way.
        translation: Largest shift, as a share of height and of width.
        seed: The run's seed.
        epoch: Number of the epoch; the first is 0.

    Raises:
        ValueError: If the inputs are not images.
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
    transforms = affine(mirrored, angles, shifts, height, width).astype(np.float32)
    pieces = [slice(start, start + PIECE) for start in range(0, len(x), PIECE)]
    return keras.ops.concatenate([move(x[p], transforms[p]) for p in pieces])


def affine(mirrored, angles, shifts, height: int, width: int) -> np.ndarray:
    """Return the eight numbers `(N, 8)` that `affine_transform` takes for each image.

    They map a point of the new image to the point of the old image that it shows. The
    image is mirrored, turned about its centre, and moved. With points and the centre c
    as (column, row),

        old = c + M R(-angle) (new - c - shift),  M = diag(-1, 1) or diag(1, 1).

    Args:
        mirrored: Which images to mirror, shape `(N,)`.
        angles: Angles in radians, shape `(N,)`; positive ones turn columns into rows.
        shifts: Columns and rows, in pixels, shape `(N, 2)`.
        height: Height of the images in pixels.
        width: Width of the images in pixels.
    """
    sine, cosine = np.sin(angles), np.cos(angles)
    sign = np.where(mirrored, -1.0, 1.0)
    # M R(-angle) of each image, shape (N, 2, 2).
    matrix = np.array([[sign * cosine, sign * sine], [-sine, cosine]])
    matrix = np.moveaxis(matrix, -1, 0)
    # old = matrix new + offset, so offset = c - matrix (c + shift).
    centre = np.array([width - 1, height - 1]) / 2
    offset = centre - np.einsum("nij,nj->ni", matrix, centre + shifts)
    rows = np.concatenate([matrix, offset[:, :, None]], axis=-1).reshape(-1, 6)
    # The last two numbers would bend lines; they are zero for affine maps.
    return np.pad(rows, ((0, 0), (0, 2)))


@backend.traced
def move(images, transforms):
    """Return `images` on the device, moved by `transforms` (see `affine`)."""
    # Keras needs a channel axis, which images of one channel may lack.
    shape = keras.ops.shape(images)
    if len(shape) == 3:
        images = images[..., None]
    moved = keras.ops.image.affine_transform(
        images, transforms, fill_mode="nearest", data_format="channels_last"
    )
    return keras.ops.reshape(moved, shape)
