"""Starting points: the same for every regime of a seed, in either precision."""

import re

import numpy as np
import pytest

from sharpminima.loss.measured import MeasuredLoss
from sharpminima.networks.parameters import flatten, point_of
from sharpminima.training.start import drawn_by_keras, starting_point
from training_runs import NETWORK, run

pytestmark = pytest.mark.computes


def test_regimes_of_a_seed_start_at_the_same_point(dataset):
    first, second = (starting_point(NETWORK, dataset, 0) for _ in range(2))
    other = starting_point(NETWORK, dataset, 1)
    a, b, c = (flatten(m.trainable_variables) for m in (first, second, other))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_mixed_precision_trains_float32_weights_another_way(dataset):
    full, _, _ = run(dataset, precision="float32")
    mixed, _, outcome = run(dataset, precision="mixed_bfloat16")
    assert {v.dtype for v in mixed.trainable_variables} == {"float32"}
    assert mixed.layers[-1].compute_dtype == "bfloat16"
    x, y = (flatten(model.trainable_variables) for model in (full, mixed))
    assert 0 < np.abs(x - y).max() < 0.1
    assert outcome["precision"] == "mixed_bfloat16"
    assert outcome["train_accuracy"] > 50


@pytest.mark.parametrize("policy", ["batch", "moving", "recalibrated"])
def test_what_was_trained_in_mixed_precision_is_measured_in_full(dataset, policy):
    found = []
    for precision in ("float32", "mixed_bfloat16"):
        model = starting_point(NETWORK, dataset, 0, precision)
        function = MeasuredLoss(model, dataset, batch_norm=policy, batch_size=50)
        found.append(function.loss_accuracy_and_gradient(point_of(model)))
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][2], found[1][2])


OWN = """
import keras
from keras import layers, ops


class Twice(layers.Layer):
    def build(self, shape):
        for name in ("a", "b"):
            setattr(self, name, self.add_weight(shape[1:], DRAW, name=name))

    def call(self, inputs):
        return self.a * inputs + self.b


ONE = keras.initializers.RandomNormal()


@keras.saving.register_keras_serializable("tests")
class Sum(keras.initializers.RandomNormal):
    def __call__(self, shape, dtype=None):
        return 1 + super().__call__(shape, dtype)


def own(input_shape, classes):
    return keras.Sequential([keras.Input(input_shape), *STACK, layers.Dense(classes)])
"""


@pytest.fixture
def own(dataset, tmp_path):
    """Return a function that makes the starting point of a network of these layers."""

    def start(stack, draw="None", seed=0):
        path = tmp_path / "own.py"
        path.write_text(OWN.replace("STACK", f"[{stack}]").replace("DRAW", draw))
        network = {"builder": "own.py:own", "file": str(path), "options": {}}
        model = starting_point(network, dataset, seed)
        return model, drawn_by_keras(model, network, dataset)

    return start


@pytest.mark.parametrize(
    ("stack", "draw", "names"),
    [
        ("layers.Dense(3, kernel_initializer='orthogonal')", "None", []),
        ("Twice()", "'ones'", []),
        ("Twice()", "keras.initializers.Constant([1, 2])", []),
        ("Twice()", "'random_normal'", ["a", "b"]),
        ("Twice()", "lambda s, dtype: keras.random.normal(s, dtype=dtype)", ["a", "b"]),
        ("layers.Dense(3, kernel_initializer=Sum())", "None", ["kernel"]),
        ("layers.Dense(3, trainable=False)", "None", ["kernel"]),
        ("layers.BatchNormalization(), layers.Normalization()", "None", []),
    ],
)
def test_weights_that_keras_draws_are_named_and_follow_the_seed(
    own, stack, draw, names
):
    model, paths = own(stack, draw)
    assert [path.rpartition("/")[2] for path in paths] == names
    again, other = (
        own(stack, draw, seed)[0].layers[0].get_weights() for seed in (0, 1)
    )
    for i, weight in enumerate(model.layers[0].get_weights()):
        np.testing.assert_array_equal(weight, again[i])
        if names and i < len(names):
            assert (weight != other[i]).all()


def test_the_log_names_what_keras_draws(own, caplog):
    caplog.set_level("INFO")
    own("Twice()", "'random_normal'")
    (said,) = [r.getMessage() for r in caplog.records if "starts elsewhere" in r.msg]
    assert re.search(r": \S+/a, \S+/b$", said)


def test_an_initializer_that_repeats_itself_is_refused(own):
    """Keras' initializers draw the same values at each call, also without a seed."""
    message = r"own.py:own: each weight must have .* values in \S+/a and \S+/b$"
    with pytest.raises(ValueError, match=message):
        own("Twice()", "ONE")


def test_numpy_draws_other_values_for_a_shared_initializer(own):
    shared = "[layers.Dense(2, kernel_initializer=one) for one in 2 * [DRAW]]"
    model, paths = own(f"*{shared}", "keras.initializers.Orthogonal(seed=0)")
    first, second = (layer.kernel.numpy() for layer in model.layers[:2])
    assert paths == []
    assert (first != second).any()
