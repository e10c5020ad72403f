"""A model in hand: its loss is Keras' own, and a copy that differs is refused."""

import numpy as np
import pytest
from saved_models import CLASSES, SHAPE, convolutional, data, randomised

from sharpminima.backend import keras
from sharpminima.loss.batch_norm import copy_of
from sharpminima.loss.own_model import measured_loss
from sharpminima.storage.errors import Refused

pytestmark = pytest.mark.computes
X, Y = data(20)


@pytest.fixture(autouse=True)
def float32(float64):
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("last", ["softmax", None])
def test_loss_and_accuracy_are_those_of_keras(last):
    model = randomised(convolutional(last))
    before = [weight.copy() for weight in model.get_weights()]
    x_test, y_test = data(12, seed=1)
    loss, point = measured_loss(model, X, Y, test=(x_test, y_test))
    found = loss.measures(point)
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=last is None)
    for split, x, y in (("train", X, Y), ("test", x_test, y_test)):
        outputs = model(x, training=False)
        expected = float(cross_entropy(y, outputs))
        assert found[f"{split}_loss"] == pytest.approx(expected, rel=1e-4)
        hits = np.mean(np.argmax(np.asarray(outputs), axis=1) == y)
        assert found[f"{split}_accuracy"] == pytest.approx(100 * hits)
    assert model.layers[-1].activation.__name__ == (last or "linear")
    for ours, theirs in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_gradient_is_that_of_the_loss():
    loss, point = measured_loss(randomised(convolutional()), X, Y)
    f, x = loss.at_averages(point.averages), point.parameters
    _, gradient = f(x)
    step = 1e-3 * gradient / np.linalg.norm(gradient)
    rise = f(x + step)[0] - f(x - step)[0]
    assert rise == pytest.approx(2 * step @ gradient, rel=1e-2)


@pytest.mark.parametrize(
    "labels",
    [Y[:, None], np.eye(CLASSES)[Y], Y.astype(np.uint8), Y.tolist()],
    ids=["column", "one-hot", "bytes", "list"],
)
def test_labels_come_in_any_form(labels):
    model = randomised(convolutional())
    (loss, point), (other, _) = (measured_loss(model, X, y) for y in (Y, labels))
    assert other.measures(point) == loss.measures(point)


@pytest.mark.parametrize("labels", [Y + 1, Y - 1, Y / 2])
def test_labels_of_another_kind_are_refused(labels):
    with pytest.raises(ValueError, match="whole numbers from 0 to 3. Received: "):
        measured_loss(convolutional(), X, labels)


def test_a_sigmoid_is_refused():
    with pytest.raises(Refused, match="model .*: expected logits or a softmax"):
        measured_loss(convolutional("sigmoid"), X, Y)


class Hidden(keras.layers.Layer):
    """Keeps a number that no weight holds."""

    shift = 0.0

    def call(self, inputs):
        return inputs + self.shift


def test_a_model_whose_copy_answers_otherwise_is_refused():
    layers, hidden = keras.layers, Hidden()
    stack = [keras.Input(SHAPE), hidden, layers.Flatten(), layers.Dense(CLASSES)]
    model = keras.Sequential(stack)
    measured_loss(model, X, Y)
    hidden.shift = 1.0
    with pytest.raises(Refused, match="a state that its weights do not hold"):
        measured_loss(model, X, Y)


def test_every_input_has_its_label():
    with pytest.raises(ValueError, match="a label for each of 20 inputs. Received: 19"):
        measured_loss(convolutional(), X, Y[:-1])


def test_a_softmax_that_is_not_last_is_refused():
    image = keras.Input(SHAPE)
    hidden = keras.layers.Reshape((CLASSES,))(convolutional("softmax")(image))
    with pytest.raises(ValueError, match="rows of numbers from 0 to 1 that sum to 1"):
        measured_loss(keras.Model(image, hidden), X, Y)


def test_a_softmax_that_is_an_operation_is_taken_off():
    model, image = randomised(convolutional(None)), keras.Input(SHAPE)
    outputs = keras.ops.softmax(model(image))
    loss, point = measured_loss(keras.Model(image, outputs), X, Y)
    expected, same = measured_loss(model, X, Y)
    assert loss.measures(point) == expected.measures(same)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_a_model_in_half_precision_is_measured_in_full(policy):
    weights = randomised(convolutional(None)).get_weights()
    found = []
    for each in (policy, "float32"):
        keras.config.set_dtype_policy(each)
        model = convolutional(None)
        keras.config.set_dtype_policy("float32")
        model.set_weights(weights)
        found.append(copy_of(model, batch_moments=False)(X, training=False))
    first, second = (keras.ops.convert_to_numpy(each) for each in found)
    np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6)
