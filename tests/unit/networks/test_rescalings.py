"""Other forms of a point give the same logits, and are what they are called."""

import logging

import numpy as np
import pytest

from sharpminima.backend import keras
from sharpminima.config import schema
from sharpminima.data.datasets import Dataset
from sharpminima.loss.batch_norm import POLICIES
from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks import rescalings
from sharpminima.networks.parameters import averages_of, point_of

pytestmark = pytest.mark.computes
layers = keras.layers
CLASSES, EXAMPLES = 3, 40
ROUNDING = 1e-4


def normalised(layer, **options):
    """Return a layer with batch normalisation and ReLU after it."""
    return [
        layer,
        layers.BatchNormalization(name=f"bn-{layer.name}", **options),
        layers.Activation("relu"),
    ]


def of_dense(**options):
    first, second = layers.Dense(5, name="a"), layers.Dense(4, use_bias=False, name="b")
    return [*normalised(first, **options), *normalised(second, **options)]


def of_convolutions():
    return [
        *normalised(layers.Conv2D(7, 2, padding="same", name="a")),
        layers.MaxPooling2D(2),
        *(layers.Conv2D(4, 2, name="b"), layers.ReLU(), layers.Flatten()),
        *normalised(layers.Dense(5, name="c")),
        layers.Dropout(0.5),
    ]


def of_relu_pairs():
    return [layers.Dense(5, activation="relu", name=name) for name in "abc"]


def of_flattened_features():
    stack = [layers.Conv1D(7, 2, activation="relu", name="a"), layers.Flatten()]
    return [*stack, layers.BatchNormalization(name="bn-a", epsilon=0.1)]


def of_frozen_layers():
    stack = of_dense()
    for layer in stack[:2]:
        layer.trainable = False
    return stack


SHAPES = {
    of_dense: (6,),
    of_convolutions: (6, 6, 2),
    of_relu_pairs: (6,),
    of_flattened_features: (5, 2),
    of_frozen_layers: (6,),
}


def built(stack, **options):
    """Return a model with random weights and averages."""
    shape = keras.Input(SHAPES[stack])
    model = keras.Sequential(
        [shape, *stack(**options), layers.Dense(CLASSES, name="last")]
    )
    rng = np.random.default_rng(1)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(scale=0.5, size=weight.shape))
    for average in averages_of(model):
        is_mean = average.name == "moving_mean"
        values = rng.uniform(*((-0.2, 0.2) if is_mean else (0.5, 1.5)), average.shape)
        average.assign(values)
    return model


def measured(model, policy="batch"):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, EXAMPLES, *model.input_shape[1:])).astype(np.float32)
    y = rng.integers(0, CLASSES, (2, EXAMPLES)).astype(np.int32)
    data = Dataset(x[0], y[0], x[1], y[1], classes=CLASSES)
    return MeasuredLoss(model, data, batch_norm=policy, batch_size=EXAMPLES)


def forms(model, loss=None, seed=0):
    """Return the point of each form that the model has, by name."""
    point, loss = point_of(model), loss or measured(model)
    given = {"moments": loss.moments(point), "factor": 10, "seed": seed}
    return dict(rescalings.forms(model, point, rescalings.FORMS, **given))


def weights_at(model, point):
    """Return the values of a point, by names such as `a/kernel`."""
    trained = model.trainable_variables
    ends = np.cumsum([np.prod(v.shape) for v in trained]).astype(int)
    values = np.split(point.parameters, ends[:-1])
    values = [value.reshape(v.shape) for v, value in zip(trained, values, strict=True)]
    variables = [*trained, *averages_of(model)]
    return {
        "/".join(v.path.split("/")[-2:]): value
        for v, value in zip(variables, [*values, *point.averages], strict=True)
    }


def before_and(form, stack, **options):
    """Return the weights of a random model, and those of one of its forms."""
    model = built(stack, **options)
    return [weights_at(model, p) for p in (point_of(model), forms(model)[form])]


def assert_multiplied(before, after, **factors):
    """Assert that kernels are multiplied by these factors, and no others are."""
    for name in [path for path in before if path.endswith("kernel")]:
        factor = factors.get(name.partition("/")[0], 1)
        np.testing.assert_allclose(after[name], factor * before[name], rtol=1e-6)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("stack", SHAPES, ids=lambda stack: stack.__name__)
def test_every_form_gives_the_same_logits_elsewhere(stack, policy):
    model = built(stack)
    loss, point = measured(model, policy), point_of(model)
    found = forms(model, loss)
    assert set(found) == {"canonical", "scaled", "permuted"} - (
        {"canonical"} if stack is of_relu_pairs else set()
    )
    for form in found.values():
        assert loss.largest_change_of_logits(point, form) < ROUNDING
        changes = [
            np.abs(weights_at(model, form)[name] - value).max()
            for name, value in weights_at(model, point).items()
        ]
        assert max(changes) > 0.1


def test_canonical_columns_have_unit_norm_and_other_kernels_stay():
    before, after = before_and("canonical", of_convolutions)
    for name in ("a/kernel", "c/kernel"):
        columns = after[name].reshape(-1, after[name].shape[-1])
        np.testing.assert_allclose(np.linalg.norm(columns, axis=0), 1.0, rtol=1e-6)
    np.testing.assert_array_equal(after["b/kernel"], before["b/kernel"])
    # Biases keep their ratio to their columns.
    norms = np.linalg.norm(before["c/kernel"], axis=0)
    np.testing.assert_allclose(after["c/bias"], before["c/bias"] / norms)


def test_a_column_of_zeros_stays():
    model = built(of_dense)
    kernel = model.get_layer("a").kernel
    kernel.assign(kernel.numpy() * np.array([0, 1, 1, 1, 1], np.float32))
    point = forms(model)["canonical"]
    assert np.isfinite(point.parameters).all()
    norms = np.linalg.norm(weights_at(model, point)["a/kernel"], axis=0)
    np.testing.assert_allclose(norms, [0, 1, 1, 1, 1], rtol=1e-6)


def test_kernels_before_batch_normalisation_are_scaled_and_averages_go_along():
    before, after = before_and("scaled", of_dense)
    assert_multiplied(before, after, a=10, b=10)
    np.testing.assert_allclose(after["a/bias"], 10 * before["a/bias"])
    for name, factor in (("moving_mean", 10), ("moving_variance", 100)):
        name = f"bn-a/{name}"
        np.testing.assert_allclose(after[name], factor * before[name], rtol=1e-6)
    np.testing.assert_array_equal(after["bn-a/beta"], before["bn-a/beta"])
    np.testing.assert_allclose(after["bn-a/gamma"], before["bn-a/gamma"], rtol=0.01)


def test_a_layer_is_divided_or_multiplied_but_never_both():
    assert_multiplied(*before_and("scaled", of_relu_pairs), a=10, b=0.1, c=10, last=0.1)
    before, after = before_and("scaled", of_relu_pairs)
    np.testing.assert_allclose(after["a/bias"], 10 * before["a/bias"])
    np.testing.assert_array_equal(after["b/bias"], before["b/bias"])
    # Between convolution and dense layer there is no normalisation, before it there is.
    before, after = before_and("scaled", of_convolutions)
    assert_multiplied(before, after, a=10, b=10, c=0.1)


@pytest.mark.parametrize("policy", POLICIES)
def test_gamma_makes_up_for_epsilon_or_the_logits_move(policy):
    changes = {}
    for scale in (True, False):
        model = built(of_dense, epsilon=0.3, scale=scale)
        loss = measured(model, policy)
        form = forms(model, loss)["scaled"]
        changes[scale] = loss.largest_change_of_logits(point_of(model), form)
    assert changes[True] < ROUNDING < 0.01 < changes[False]


def test_permuted_units_are_the_same_in_another_order():
    before, after = before_and("permuted", of_convolutions)
    for name in ("a/kernel", "a/bias", "bn-a/gamma", "bn-a/moving_variance", "b/bias"):
        assert sorted(after[name].ravel()) == sorted(before[name].ravel())
        assert (after[name] != before[name]).any()
    # The features of a filter stay at their position behind the flattening.
    order = [list(before["b/bias"]).index(value) for value in after["b/bias"]]
    assert order != sorted(order)
    units = [list(before["c/bias"]).index(value) for value in after["c/bias"]]
    positions = before["c/kernel"].reshape(-1, 4, 5)
    expected = positions[:, order][:, :, units].reshape(-1, 5)
    np.testing.assert_array_equal(after["c/kernel"], expected)


def test_a_seed_permutes_all_its_runs_alike():
    model = built(of_dense)
    first, same, other = (forms(model, seed=seed)["permuted"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.parameters, same.parameters)
    assert (first.parameters != other.parameters).any()


def test_a_point_stays_as_it_is_while_its_forms_are_made():
    model = built(of_dense)
    point, again = point_of(model), point_of(model)
    moments = measured(model).moments(point)
    given = {"moments": moments, "factor": 10, "seed": 0}
    assert len(list(rescalings.forms(model, point, rescalings.FORMS, **given))) == 3
    np.testing.assert_array_equal(point.parameters, again.parameters)
    for average, other in zip(point.averages, again.averages, strict=True):
        np.testing.assert_array_equal(average, other)


def test_the_schema_knows_the_forms():
    section = schema.load()["properties"]["invariance"]["properties"]
    assert section["forms"]["items"]["enum"] == list(rescalings.FORMS)


def test_the_log_names_the_forms_that_a_network_lacks(caplog):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(CLASSES)])
    with caplog.at_level(logging.INFO):
        assert forms(model) == {}
    missing = "The network has no form `canonical`: no units allow it."
    assert [r.getMessage() for r in caplog.records].count(missing) == 1
    assert len(caplog.records) == 3
