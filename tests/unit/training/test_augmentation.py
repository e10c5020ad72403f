"""Augmentation: mirror, turn and shift by closed forms, and a naive interpolation."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

import training_runs as small
from sharpminima import backend, streams
from sharpminima.training import augmentation

pytestmark = pytest.mark.computes
NOTHING = {"flip": False, "rotation": 0, "translation": 0}
THE_PAPERS = {"flip": True, "rotation": 10, "translation": 0.2}


def pictures(count, *shape):
    return np.random.default_rng(0).random((count, *shape)).astype(np.float32)


def seen(x, seed=0, epoch=0, **settings):
    """Return the view of `x` that one epoch has."""
    given = NOTHING | settings
    view = augmentation.view(backend.to_device(x), **given, seed=seed, epoch=epoch)
    return np.asarray(view)


def moved(image, *, mirrored=False, angle=0.0, shift=(0, 0)):
    """Return one image, moved as said: angle in degrees, shift in columns and rows."""
    given = np.array([mirrored]), np.radians([angle]), np.array([shift])
    transforms = augmentation.affine(*given, *image.shape[:2]).astype(np.float32)
    return np.asarray(augmentation.move(backend.to_device(image[None]), transforms))[0]


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_settings_of_nothing_change_nothing(shape):
    x = pictures(9, *shape)
    np.testing.assert_array_equal(seen(x), x)


@pytest.mark.parametrize("shape", [(5, 8), (6, 7, 3)])
def test_a_flip_is_an_exact_mirror_of_about_half_the_images(shape):
    x = pictures(60, *shape)
    view = seen(x, flip=True)
    mirrored = [np.array_equal(new, old[:, ::-1]) for new, old in zip(view, x)]
    kept = [np.array_equal(new, old) for new, old in zip(view, x)]
    assert 20 < sum(mirrored) < 40
    assert sum(mirrored) + sum(kept) == 60


def test_a_shift_by_whole_pixels_repeats_the_edges():
    image = pictures(1, 6, 8)[0]
    expected = np.pad(image, ((2, 0), (0, 3)), mode="edge")[:6, 3:]
    np.testing.assert_allclose(moved(image, shift=(-3, 2)), expected, atol=1e-6)


def test_a_quarter_turn_moves_columns_into_rows():
    """What was at the right is below: clockwise to who looks at it."""
    image = pictures(1, 6, 6, 2)[0]
    np.testing.assert_allclose(moved(image, angle=90), np.rot90(image, -1), atol=1e-5)


def test_an_image_is_mirrored_first_then_turned_then_shifted():
    image = pictures(1, 7, 7)[0]
    expected = np.rot90(image[:, ::-1], -1)
    expected = np.pad(expected, ((1, 0), (0, 0)), mode="edge")[:7]
    found = moved(image, mirrored=True, angle=90, shift=(0, 1))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_pixel_moves_no_further_than_stated():
    """The centre by the shift alone; any other also by the chord of the rotation."""
    rng = np.random.default_rng(0)
    draws = rng.uniform(-1, 1, (3, 4000))
    shifts = np.stack([0.2 * 30 * draws[1], 0.2 * 20 * draws[2]], axis=-1)
    given = np.zeros(4000, bool), np.radians(10) * draws[0], shifts
    matrices = augmentation.affine(*given, 20, 30)[:, :6].reshape(-1, 2, 3)
    centre = np.array([14.5, 9.5])
    for point in (centre, np.array([0.0, 0.0]), np.array([29.0, 19.0])):
        distance = np.abs(matrices @ [*point, 1.0] - point)
        chord = 2 * np.sin(np.radians(5)) * np.linalg.norm(point - centre)
        # The shift is turned back with the image.
        reach = np.linalg.norm([6.0, 4.0]) + chord
        assert (np.linalg.norm(distance, axis=-1) <= reach + 1e-9).all()
        assert np.linalg.norm(distance, axis=-1).max() > 0.85 * reach


@pytest.mark.parametrize("shape", [(9, 6), (6, 9, 3)])
def test_pixels_are_those_of_a_naive_bilinear_interpolation(shape):
    """Of what the stream of seed and epoch draws: the same on both backends."""
    x = pictures(12, *shape)
    rng = streams.generator("augmentation", 3, 5)
    mirrored = rng.random(12) < 0.5
    angles = np.radians(10) * rng.uniform(-1, 1, 12)
    shifts = 0.2 * np.array(shape[1::-1]) * rng.uniform(-1, 1, (12, 2))
    assert len(set(mirrored)) == 2
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    middle = (np.array(shape[1::-1]) - 1) / 2
    for new, old, flip, a, (right, down) in zip(
        seen(x, 3, 5, **THE_PAPERS), x, mirrored, angles, shifts
    ):
        across, along = columns - middle[0] - right, rows - middle[1] - down
        column = across * np.cos(a) + along * np.sin(a)
        row = along * np.cos(a) - across * np.sin(a)
        column = middle[0] + (-column if flip else column)
        expected = [
            map_coordinates(channel, [row + middle[1], column], order=1, mode="nearest")
            for channel in np.moveaxis(np.atleast_3d(old), -1, 0)
        ]
        expected = np.moveaxis(expected, 0, -1).reshape(shape)
        np.testing.assert_allclose(new, expected, atol=1e-4)


def test_each_image_keeps_its_place_and_so_its_label():
    """Whatever moves an image of one grey, it stays one: nothing dark comes in."""
    greys = np.arange(50, dtype=np.float32)[:, None, None] * np.ones((4, 4), "f4")
    np.testing.assert_allclose(seen(greys, **THE_PAPERS), greys, rtol=1e-5)


def test_views_are_drawn_for_each_seed_and_epoch():
    x = pictures(5, 6, 6)
    names = [(0, 0), (0, 0), (0, 1), (1, 0), (1, 1)]
    first, same, *others = (seen(x, *name, **THE_PAPERS) for name in names)
    np.testing.assert_array_equal(first, same)
    for other in others:
        assert np.abs(other - first).max() > 0.1


def test_pieces_make_the_whole(monkeypatch):
    x = pictures(25, 6, 6)
    whole = seen(x, **THE_PAPERS)
    monkeypatch.setattr(augmentation, "PIECE", 10)
    pieces = seen(x, **THE_PAPERS)
    assert pieces.shape == x.shape
    np.testing.assert_allclose(pieces, whole, atol=1e-6)


def test_inputs_that_are_no_images_are_refused():
    message = (
        r"augmentation needs images of shape \(height, width\) or \(height, width, "
        r"channels\). Received: inputs of shape \(360,\)"
    )
    with pytest.raises(ValueError, match=message):
        seen(pictures(3, 360), **THE_PAPERS)


def test_training_sees_the_view_of_each_epoch():
    """At a learning rate of almost zero, an epoch's loss is that of its view."""
    dataset = small.images()
    model = small.linear(dataset)
    found = small.epochs(model, dataset, learning_rate=1e-30, augmentation=THE_PAPERS)
    weights, bias = model.get_weights()
    for epoch, saw in enumerate(found):
        view = seen(dataset.x_train, epoch=epoch, **THE_PAPERS)
        probabilities = small.softmax(view.reshape(90, -1) @ weights + bias)
        losses = -np.log(probabilities[np.arange(90), dataset.y_train])
        assert saw.loss == pytest.approx(losses.mean(), rel=1e-5)


@pytest.mark.parametrize("build", [small.with_dropout, small.convolutional])
def test_augmented_training_goes_another_way(build):
    dataset = small.images()
    plain, augmented = build(dataset), build(dataset)
    start = small.point(plain)
    small.epochs(plain, dataset)
    small.epochs(augmented, dataset, augmentation=THE_PAPERS)
    moved = np.linalg.norm(small.point(plain) - start)
    assert np.linalg.norm(small.point(augmented) - small.point(plain)) > 0.2 * moved
