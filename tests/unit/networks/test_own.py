"""A user's network is checked before it trains, and the error says what is wrong."""

import re
import textwrap

import pytest
import yaml

from project import ROOT
from sharpminima.networks import builders

PREAMBLE = """
import keras
from keras import layers


def dense(*stack, shape=(6, 6)):
    return keras.Sequential([keras.Input(shape), layers.Flatten(), *stack])


class Custom(layers.Layer):
    def __init__(self, factor=1.0, **settings):
        super().__init__(**settings)
        self.factor = factor

    def call(self, inputs):
        return self.factor * inputs


class Forgetful(Custom):
    def get_config(self):
        return {"name": self.name}


class Dropped(layers.Dropout):
    def call(self, inputs):
        return super().call(inputs, training=True)


class Drawn(layers.Layer):
    def call(self, inputs):
        return inputs + keras.random.normal(keras.ops.shape(inputs), seed=3)


class Opaque(layers.Layer):
    def __init__(self, function):
        super().__init__()
        self.call = function


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.top = layers.Dense(4)

    def call(self, inputs):
        return self.top(layers.Flatten()(inputs))


"""


@pytest.fixture
def build(tmp_path):
    """Return a function that builds the network of `def own(...)` with this body."""

    def build(body, arguments="", **options):
        path = tmp_path / "mine.py"
        signature = f"def own(input_shape, classes, *{arguments}):\n"
        body = textwrap.indent(body, "    ")
        path.write_text(PREAMBLE + signature.replace(", *)", ")") + body)
        network = {"builder": "mine.py:own", "file": str(path), "options": options}
        return builders.build(network, input_shape=(6, 6), classes=4)

    return build


@pytest.mark.parametrize(
    "body",
    [
        "return dense(layers.Dense(classes))",
        "return dense(Custom(2.0), layers.BatchNormalization(), layers.Dense(classes))",
        "x = keras.Input(input_shape)\n"
        "y = layers.Flatten()(x)\n"
        "return keras.Model(x, layers.Dense(classes)(keras.ops.tanh(y) + y))",
        "return dense(dense(layers.Dense(3), shape=(36,)), layers.Dense(classes))",
        "norm = layers.Normalization()\n"
        "norm.adapt(keras.ops.ones((4, 36)))\n"
        "return dense(norm, layers.Dense(classes, kernel_regularizer='l2'))",
    ],
    ids=["sequential", "custom layer", "functional", "nested", "adapted"],
)
def test_a_sound_network_is_returned(build, body):
    model = build(body)
    assert model.output_shape == (None, 4)


def test_options_reach_the_function(build):
    model = build(
        "return dense(layers.Dense(units), layers.Dense(classes))",
        arguments=", units, rate=0.5",
        units=7,
    )
    assert model.layers[1].units == 7


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return classes", "a Keras model. Received: 4"),
        ("pass", "a Keras model. Received: None"),
        (
            "return Subclassed()",
            "a Sequential or functional model that Keras can copy. Received: Subcl",
        ),
        (
            "return keras.Sequential([layers.Flatten(), layers.Dense(classes)])",
            "a model with inputs of shape (None, 6, 6). Received: None",
        ),
        (
            "return dense(layers.Dense(classes), shape=(6, 7))",
            "a model with inputs of shape (None, 6, 6). Received: (None, 6, 7)",
        ),
        (
            "return dense(layers.Dense(3))",
            "a model with outputs of shape (None, 4). Received: (None, 3)",
        ),
        (
            "return dense(layers.Dense(classes, activation='softmax'))",
            "a model with logits, nothing after the last layer. Received: softmax in",
        ),
        (
            "return dense(layers.Dense(classes), layers.Softmax())",
            "a model with logits, nothing after the last layer. Received: Softmax in",
        ),
        (
            "return dense(layers.Dense(classes, activation='sigmoid'))",
            "a model with logits, nothing after the last layer. Received: sigmoid in",
        ),
        (
            "x = keras.Input(input_shape)\n"
            "y = layers.Dense(classes)(layers.Flatten()(x))\n"
            "return keras.Model(x, keras.ops.softmax(y))",
            "a model with logits, nothing after the last layer. Received: rows of",
        ),
        (
            "return dense(Forgetful(2.0), layers.Dense(classes))",
            "can copy, layers with all their settings. Received: a copy that differs",
        ),
        (
            "return dense(Opaque(keras.ops.tanh), layers.Dense(classes))",
            "a Sequential or functional model that Keras can copy. Received: Seq",
        ),
        (
            "return dense(Dropped(0.5), layers.Dense(classes))",
            "in a second evaluation of one batch",
        ),
        (
            "return dense(Drawn(), layers.Dense(classes))",
            "with the order of the examples in a batch",
        ),
        (
            "return keras.Sequential([keras.Input(input_shape), layers.Flatten(), "
            "layers.Reshape((4, 9)), layers.GlobalMaxPooling1D('channels_first')])",
            "a model with trainable weights. Received: none",
        ),
    ],
)
def test_a_model_that_cannot_be_studied_is_refused(build, tmp_path, body, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        build(body)
    start = re.escape(f"{tmp_path}/mine.py:own: must ")
    assert re.match(start + "(return|give an example the same) ", str(caught.value))


@pytest.mark.parametrize("body", ["return dense(wrong)", "raise OSError('x')"])
def test_an_exception_of_the_users_code_says_where(build, tmp_path, body):
    with pytest.raises((NameError, OSError)) as caught:
        build(body)
    last = caught.traceback[-1]
    assert str(last.path) == f"{tmp_path}/mine.py"
    assert str(last.statement).strip() == body
    (note,) = caught.value.__notes__
    assert f"{tmp_path}/mine.py:own, given input_shape=(6, 6), classes=4" in note


def test_an_edit_within_a_second_is_seen(build):
    """Python would take bytecode of the same second and size for that of the file."""
    for units in (5, 7):
        model = build(f"return dense(layers.Dense({units}), layers.Dense(classes))")
        assert model.layers[1].units == units


def test_the_example_of_the_readme_is_sound(tmp_path):
    _, code = (ROOT / "README.md").read_text().split("    # small.py\n")
    code, config = code.split("    # small.yaml\n")
    config, _, _ = config.partition("\n\n")
    (tmp_path / "small.py").write_text(textwrap.dedent(code))
    (network,) = yaml.safe_load(textwrap.dedent(config))["networks"].values()
    assert network["builder"] == "small.py:convolutional"
    network["file"] = str(tmp_path / "small.py")
    model = builders.build(network, input_shape=(28, 28), classes=10)
    assert [la.filters for la in model.layers if hasattr(la, "filters")] == [8]
