"""The measured loss against a forward pass in NumPy, and gradients by difference."""

import dataclasses

import numpy as np
import pytest
from scipy.special import logsumexp

import examples
from sharpminima import backend
from sharpminima.backend import keras
from sharpminima.jobs.cost import Work
from sharpminima.loss.batch_norm import POLICIES
from sharpminima.measures import trajectory
from sharpminima.networks import iterates
from sharpminima.networks.parameters import Point, point_of
from sharpminima.regimes import batches

pytestmark = pytest.mark.computes
ON_JAX = keras.backend.backend() == "jax"
EXACT, STEP, CLOSE = (1e-6, 1e-3, 2e-3) if ON_JAX else (1e-10, 1e-5, 1e-6)


def logits_of(model, x, moments):
    """Return the logits; `moments` maps hidden values to mean and variance."""
    kernel, bias, gamma, beta, last_kernel, last_bias = (
        v.numpy() for v in model.trainable_variables
    )
    hidden = x @ kernel + bias
    mean, variance = moments(hidden)
    hidden = gamma * (hidden - mean) / np.sqrt(variance + 1e-5) + beta
    return np.maximum(hidden, 0) @ last_kernel + last_bias


def naive(model, x, y, moments):
    """Return mean loss and accuracy."""
    losses, hits = [], []
    for part in batches.evaluation_batches("train", len(x), 12):
        logits = logits_of(model, x[part], moments)
        losses += list(logsumexp(logits, axis=1) - logits[range(len(part)), y[part]])
        hits += list(logits.argmax(axis=1) == y[part])
    return np.mean(losses), 100 * np.mean(hits)


def batch_moments(hidden):
    return hidden.mean(axis=0), hidden.var(axis=0)


def averaged_moments(model, x):
    """Return the batches' moments, averaged by their share of the examples."""
    kernel, bias = (v.numpy() for v in model.trainable_variables[:2])
    cut = batches.evaluation_batches("train", len(x), 12)
    terms = [batch_moments(x[part] @ kernel + bias) for part in cut]
    shares = [len(part) / len(x) for part in cut]
    return tuple(
        np.average([t[i] for t in terms], axis=0, weights=shares) for i in (0, 1)
    )


def moved(point, step):
    """Return `point` with `step` added to its parameters."""
    return Point(point.parameters + step, point.averages)


def assert_is_that_of_differences(gradient, measured, point):
    """Compare a gradient with slopes of the loss in five random directions."""
    rng = np.random.default_rng(2)
    for _ in range(5):
        direction = rng.normal(size=point.parameters.shape)
        up, down = (
            measured.loss_and_accuracy(moved(point, step * direction), "train")[0]
            for step in (STEP, -STEP)
        )
        slope = (up - down) / (2 * STEP)
        assert direction @ gradient == pytest.approx(slope, rel=CLOSE)


@pytest.mark.parametrize("policy", POLICIES)
def test_loss_and_accuracy_are_those_of_numpy(model, dataset, build, policy):
    point = point_of(model)
    moments = {
        "batch": batch_moments,
        "moving": lambda hidden: point.averages,
        "recalibrated": lambda hidden: averaged_moments(model, dataset.x_train),
    }[policy]
    expected = naive(model, dataset.x_train, dataset.y_train, moments)
    found = build(model, dataset, policy).loss_and_accuracy(point, "train")
    assert found == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_gradient_is_that_of_differences(model, dataset, build, policy):
    measured, point = build(model, dataset, policy), point_of(model)
    loss, gradient = measured.at_averages(point.averages)(point.parameters)
    expected = measured.loss_and_accuracy(point, "train")[0]
    assert loss == pytest.approx(expected, rel=1e-12)
    assert_is_that_of_differences(gradient, measured, point)


@pytest.mark.parametrize("policy", POLICIES)
def test_loss_accuracy_and_gradient_come_from_one_pass(model, dataset, build, policy):
    measured, point = build(model, dataset, policy), point_of(model)
    loss, accuracy, _ = measured.loss_accuracy_and_gradient(point)
    expected = build(model, dataset, policy).loss_and_accuracy(point, "train")
    assert (loss, accuracy) == pytest.approx(expected, rel=1e-12)
    examples = len(dataset.x_train)
    assert measured.work.forward_examples == (
        examples if policy == "recalibrated" else 0
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_a_mixture_is_evaluated_as_the_vector_that_it_is(model, dataset, build, policy):
    measured, start = build(model, dataset, policy), point_of(model)
    end = moved(start, np.linspace(0.0, 1.0, len(start.parameters)))
    other = moved(start, np.cos(start.parameters))
    weights = (0.25, 0.6, 0.15)
    x = sum(w * point.parameters for w, point in zip(weights, (start, end, other)))
    expected = measured.measures(Point(x, start.averages))
    found = measured.mixture([start, end, other])(weights, weights)
    assert found == pytest.approx(expected, rel=EXACT)


def test_averages_are_mixed_by_their_own_shares(model, dataset, build):
    measured, start = build(model, dataset, "moving"), point_of(model)
    end = Point(start.parameters + 0.1, [9 * average for average in start.averages])
    mixture = measured.mixture([start, end])
    for weights, point in (((1.0, 0.0), start), ((0.0, 1.0), end)):
        assert mixture(weights, weights) == pytest.approx(
            measured.measures(point), rel=EXACT
        )
    halfway = Point(start.parameters, [5 * average for average in start.averages])
    expected = measured.measures(halfway)
    assert mixture((1.0, 0.0), (0.5, 0.5)) == pytest.approx(expected, rel=EXACT)


def test_mixing_different_networks_is_refused(model, dataset, build):
    start = point_of(model)
    with pytest.raises(ValueError, match=r"Received: shapes \(3,\), \(63,\)"):
        build(model, dataset).mixture([start, Point(np.zeros(3), start.averages)])


@pytest.mark.parametrize("policy", POLICIES)
def test_gradients_of_batches_are_those_of_each_batch_alone(
    model, dataset, build, policy
):
    """By the moments of the batch, whatever the policy, and whatever order."""
    measured, point = build(model, dataset, policy), point_of(model)
    cuts = [np.array([3, 1, 7, 20]), np.array([2, 0, 22])]
    found = list(measured.gradients_of_batches()(point, cuts))
    assert measured.work == Work(gradient_evaluations=1, gradient_examples=7)
    for gradient, cut in zip(found, cuts, strict=True):
        x, y = dataset.x_train[cut], dataset.y_train[cut]
        alone = build(model, dataclasses.replace(dataset, x_train=x, y_train=y))
        expected = alone.loss_accuracy_and_gradient(point)[2]
        np.testing.assert_allclose(gradient, expected, rtol=max(EXACT, 1e-9), atol=1e-7)
        assert np.abs(expected).max() > 0.01


def test_data_may_lie_on_the_device_already(model, dataset, build):
    point = point_of(model)
    expected = build(model, dataset).measures(point)
    assert build(model, backend.dataset_to_device(dataset)).measures(point) == expected


@pytest.mark.parametrize("on_device", [False, True])
@pytest.mark.parametrize("dtype", ["int64", "uint8", "int16"])
def test_labels_may_have_any_integer_type(model, dataset, build, dtype, on_device):
    point, labels = point_of(model), (dataset.y_train, dataset.y_test)
    expected = build(model, dataset).measures(point)
    y_train, y_test = (y.astype(dtype) for y in labels)
    other = dataclasses.replace(dataset, y_train=y_train, y_test=y_test)
    if on_device:
        other = backend.dataset_to_device(other)
    measured = build(model, other)
    assert measured.measures(point) == expected
    assert measured.loss_accuracy_and_gradient(point)[0] == pytest.approx(
        expected["train_loss"], rel=1e-12
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_frozen_weights_are_those_of_the_point(dataset, build, policy):
    """A `Point` holds them among its averages, for they are not trained.

    The frozen layer stands between a trained one and the normalisation, so that the
    gradient goes through the moments and through it.
    """
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(5, activation="tanh"),
            layers.Dense(5, trainable=False),
            layers.BatchNormalization(epsilon=1e-5),
            layers.Dense(3),
        ]
    )
    measured = build(model, dataset, policy)
    # The network moves on, as when a checkpoint is loaded into it.
    kernel = model.layers[1].kernel
    kernel.assign(np.random.default_rng(3).normal(size=kernel.shape))
    point, afresh = point_of(model), build(model, dataset, policy)
    assert measured.measures(point) == pytest.approx(afresh.measures(point), rel=EXACT)
    gradient = measured.loss_accuracy_and_gradient(point)[2]
    assert_is_that_of_differences(gradient, measured, point)


@pytest.mark.parametrize("policy", POLICIES)
def test_it_is_a_function_of_the_point_alone(model, dataset, build, policy):
    measured, point = build(model, dataset, policy), point_of(model)
    before = measured.measures(point)
    for weight in model.weights:
        weight.assign(weight * 2)
    measured.measures(moved(point, 1))
    assert measured.measures(point) == before
    assert np.isfinite(before["test_loss"])


def test_evaluating_moves_no_averages(model, dataset, build):
    before = [v.numpy() for v in model.non_trainable_variables]
    for policy in POLICIES:
        build(model, dataset, policy).loss_accuracy_and_gradient(point_of(model))
    for old, variable in zip(before, model.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(old, variable.numpy())


@pytest.mark.parametrize(("policy", "matters"), [("moving", True), ("batch", False)])
def test_moving_averages_are_those_of_the_point(model, dataset, build, policy, matters):
    measured, point = build(model, dataset, policy), point_of(model)
    mean, variance = point.averages
    other = Point(point.parameters, [mean, 9 * variance])
    first, second = (measured.measures(p)["train_loss"] for p in (point, other))
    assert (first != second) is matters


def test_the_largest_change_of_logits_is_that_of_numpy(model, dataset, build):
    """The points differ in parameters and in averages."""
    measured, points, logits = build(model, dataset, "moving"), [], []
    for _ in range(2):
        point = point_of(model)
        points.append(point)
        logits.append(logits_of(model, dataset.x_train, lambda _, p=point: p.averages))
        for weight in model.weights:
            if weight.dtype == "float64":
                weight.assign(weight * 1.1)
    expected = np.abs(logits[1] - logits[0]).max()
    found = measured.largest_change_of_logits(*points)
    assert found == pytest.approx(expected, rel=EXACT)
    assert measured.work.forward_examples == 2 * len(dataset.x_train)
    assert measured.largest_change_of_logits(points[1], points[1]) == 0.0


def test_logits_that_are_nan_change_by_nan(model, dataset, build):
    point = point_of(model)
    measured = build(model, dataset)
    assert np.isnan(measured.largest_change_of_logits(point, moved(point, np.nan)))


@pytest.mark.parametrize("policy", POLICIES)
def test_moments_are_those_that_the_policy_normalises_by(model, dataset, build, policy):
    point = point_of(model)
    found = build(model, dataset, policy).moments(point)
    expected = point.averages
    if policy != "moving":
        expected = averaged_moments(model, dataset.x_train)
    for moment, value in zip(found, expected, strict=True):
        np.testing.assert_allclose(moment, value, rtol=max(EXACT, 1e-9))


SEARCH = {
    **examples.NO_SEARCH,
    **{"epsilon": 1e-3, "max_iterations": 3, "max_evaluations": 9},
    "full": {"lbfgsb": ["zero"], "sign": []},
}


def test_a_list_of_iterates_is_measured_as_a_generator_is(
    model, dataset, build, tmp_path
):
    """Each with its own averages: nothing depends on when an iterate is restored."""

    def history():
        for epoch in (1, 2):
            for weight in model.weights:
                if weight.dtype == "float64":
                    weight.assign(weight * (1 + epoch))
            yield {"epoch": epoch}

    path, measured = tmp_path / "iterates.h5", build(model, dataset, "moving")
    list(iterates.keeping(path, model, [0, 1, 2], history()))

    def restored():
        for epoch in iterates.epochs(path):
            yield epoch, iterates.restore(path, epoch, model)

    one_by_one, all_before = (
        [
            {name: value for name, value in row.items() if name != "seconds"}
            for row in trajectory.measure(measured, points, SEARCH, seed=0)
        ]
        for points in (restored(), list(restored()))
    )
    assert one_by_one == all_before
    assert len({row["train_loss"] for row in one_by_one}) == 3
