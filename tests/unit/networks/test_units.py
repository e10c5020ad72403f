"""Which units a factor is undone for, and which can change places, by the graph."""

import pytest

from sharpminima.backend import keras
from sharpminima.networks import units

layers = keras.layers


def named(found):
    """Return the names of layers, and of what each of them meets."""
    return {
        layer.name: sorted(other.name for other, _ in met if other.weights)
        for layer, met in found
    }


def chain(*stack, shape=(6,)):
    return keras.Sequential([keras.Input(shape), *stack])


def dense(name, size=4, **options):
    return layers.Dense(size, name=name, **options)


def normalisation(name="bn", **options):
    return layers.BatchNormalization(name=name, **options)


def test_batch_normalisation_undoes_a_factor_and_the_next_kernel_takes_the_units():
    model = chain(dense("a"), normalisation(), layers.Activation("relu"), dense("b"))
    assert named(units.scalable(model)) == {"a": ["bn"]}
    assert named(units.exchangeable(model)) == {"a": ["b", "bn"]}


def test_the_next_kernel_undoes_a_factor_that_a_relu_lets_through():
    model = chain(dense("a"), layers.ReLU(), dense("b", activation="relu"), dense("c"))
    assert named(units.scalable(model)) == {"a": ["b"], "b": ["c"]}


@pytest.mark.parametrize(
    ("between", "scales", "swaps"),
    [
        (layers.Activation("relu"), True, True),
        (layers.ReLU(negative_slope=0.1), True, True),
        (layers.LeakyReLU(), True, True),
        (layers.Dropout(0.5), True, True),
        (layers.ReLU(max_value=6), False, True),
        (layers.Activation("tanh"), False, True),
        (layers.Activation("softmax"), False, False),
        (layers.LayerNormalization(), False, False),
        (layers.Reshape((2, 2)), False, False),
    ],
)
def test_a_layer_between_lets_factors_or_units_through_or_neither(
    between, scales, swaps
):
    model = chain(dense("a"), between, layers.Flatten(), dense("b"))
    assert ("a" in named(units.scalable(model))) is scales
    assert ("a" in named(units.exchangeable(model))) is swaps


@pytest.mark.parametrize(("function", "scales"), [("relu", True), ("tanh", False)])
def test_an_activation_of_the_layer_itself_counts(function, scales):
    model = chain(dense("a", activation=function), normalisation(), dense("b"))
    assert ("a" in named(units.scalable(model))) is scales
    assert "a" in named(units.exchangeable(model))


def test_flattened_features_know_their_units():
    stack = [layers.Conv2D(3, 2, name="a"), layers.Flatten(), dense("b")]
    ((_, met),) = units.exchangeable(chain(*stack, shape=(3, 3, 2)))
    assert [len(behind) for _, behind in met] == [3, 3 * 4]
    assert met[1][1].tolist() == [0, 1, 2] * 4


@pytest.mark.parametrize(
    ("options", "scales"),
    [({"renorm": True}, False), ({"axis": 1}, False), ({"axis": 3}, True)],
)
def test_other_normalisations_are_not_batch_normalisation(options, scales):
    stack = [layers.Conv2D(3, 2, name="a"), normalisation(**options)]
    model = chain(*stack, layers.Flatten(), dense("b"), shape=(5, 5, 2))
    assert ("a" in named(units.scalable(model))) is scales


def test_filters_of_a_grouped_convolution_keep_their_places():
    stack = [layers.Conv2D(4, 1, groups=2, name="a"), normalisation()]
    model = chain(*stack, layers.Flatten(), dense("b"), shape=(3, 3, 2))
    assert named(units.scalable(model)) == {"a": ["bn"]}
    assert named(units.exchangeable(model)) == {}


def test_channels_first_are_left_alone():
    stack = [layers.Flatten(data_format="channels_first"), dense("b")]
    model = chain(layers.Conv2D(3, 2, name="a"), *stack, shape=(3, 3, 2))
    assert named(units.exchangeable(model)) == {}


def test_a_sum_of_branches_ends_the_search_but_not_before_batch_normalisation():
    inputs = keras.Input((6,))
    first = layers.Activation("relu")(normalisation("bn1")(dense("a")(inputs)))
    second = normalisation("bn2")(dense("b")(first))
    model = keras.Model(inputs, dense("c")(layers.Add()([first, second])))
    assert named(units.scalable(model)) == {"a": ["bn1"], "b": ["bn2"]}
    assert named(units.exchangeable(model)) == {}


def test_every_branch_has_to_follow():
    inputs = keras.Input((6,))
    hidden = dense("a")(inputs)
    branches = [dense("b")(hidden), dense("c")(layers.Dropout(0.1)(hidden))]
    model = keras.Model(inputs, dense("d")(layers.Concatenate()(branches)))
    assert named(units.scalable(model)) == {"a": ["b", "c"]}
    assert named(units.exchangeable(model)) == {"a": ["b", "c"]}


def test_a_layer_that_is_called_twice_does_not_follow():
    inputs = keras.Input((6,))
    shared = dense("shared")
    outputs = layers.Add()([shared(dense("a")(inputs)), shared(dense("b")(inputs))])
    model = keras.Model(inputs, dense("c")(outputs))
    assert named(units.exchangeable(model)) == {}


def test_a_nested_model_is_searched_and_ends_the_search_outside():
    inner = chain(dense("a"), normalisation(), dense("b"), shape=(4,))
    inputs = keras.Input((6,))
    model = keras.Model(inputs, dense("d")(inner(dense("c")(inputs))))
    assert named(units.exchangeable(model)) == {"a": ["b", "bn"]}


def test_a_model_with_two_outputs_hides_none_of_them():
    inputs = keras.Input((6,))
    hidden = dense("a")(inputs)
    model = keras.Model(inputs, [hidden, dense("b")(hidden)])
    assert named(units.exchangeable(model)) == named(units.scalable(model)) == {}


def test_a_subclass_may_compute_anything():
    class Squared(layers.Dense):
        def call(self, inputs):
            return super().call(inputs) ** 2

    model = chain(Squared(4, name="a"), dense("b"), dense("c"))
    assert named(units.exchangeable(model)) == {"b": ["c"]}
